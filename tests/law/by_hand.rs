//! What people do by hand in random histories: calls, letters, an owner's word.

use ambergate::domain::account::TaskState;
use ambergate::domain::decision::{Step, TaskKind};
use ambergate::domain::fact::{Channel, NoticeReceipt, ReceiptKind, TaskDone, TaskOutcome, When};
use ambergate::domain::record::Fact;
use ambergate::domain::stage::Role;

use crate::world::World;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// A call reaches somebody.
    Reached,
    /// A call reaches nobody.
    NoAnswer,
    /// Who is called promises to pay within so many days.
    Promised(u8),
    /// A letter is posted.
    Posted,
    /// The letter comes back.
    CameBack,
    /// The owner says of the newest warning what was tried in vain.
    Declared,
    /// The oldest other task that is open is done.
    Done,
}

pub const BY_HAND: [ByHand; 8] = [
    ByHand::Reached,
    ByHand::NoAnswer,
    ByHand::Promised(2),
    ByHand::Promised(9),
    ByHand::Posted,
    ByHand::CameBack,
    ByHand::Declared,
    ByHand::Done,
];

pub fn by_hand(world: &mut World, what: ByHand) {
    let fact = match what {
        ByHand::Reached => done(world, TaskKind::Call, TaskOutcome::Reached),
        ByHand::NoAnswer => done(world, TaskKind::Call, TaskOutcome::NoAnswer),
        ByHand::Promised(days) => {
            let until = world.zone.day(world.now).plus(days.into());
            let done = done(world, TaskKind::Call, TaskOutcome::Promised);
            done.map(|done| TaskDone { until: Some(When::Day(until)), ..done })
        }
        ByHand::Posted => done(world, TaskKind::Letter, TaskOutcome::Posted),
        ByHand::Done => other(world),
        ByHand::CameBack => return receipt(world, ReceiptKind::Bounced),
        ByHand::Declared => return receipt(world, ReceiptKind::Declared),
    };
    if let Some(done) = fact {
        world.own_fact(Fact::TaskDone(done));
    }
}

fn done(world: &World, kind: TaskKind, outcome: TaskOutcome) -> Option<TaskDone> {
    let account = world.account();
    let open = |task: &&TaskState| task.is_open() && task.made.kind == kind;
    Some(of(account.tasks.iter().rev().find(open)?, outcome))
}

fn other(world: &World) -> Option<TaskDone> {
    let account = world.account();
    let open = |task: &&TaskState| task.is_open() && task.made.kind.channel().is_none();
    Some(of(account.tasks.iter().find(open)?, TaskOutcome::Done))
}

fn of(task: &TaskState, outcome: TaskOutcome) -> TaskDone {
    TaskDone { task: task.made.task, outcome, by: None, note: None, until: None, amount: None }
}

/// About the newest warning, on paper.
fn receipt(world: &mut World, kind: ReceiptKind) {
    let account = world.account();
    let mut warnings = account.notices.iter().rev();
    let Some(warning) = warnings.find(|notice| notice.made.step == Step::Warning) else { return };
    let declared = kind == ReceiptKind::Declared;
    let tried = ["mail", "phone", "a visit"].map(str::to_owned).to_vec();
    world.own_fact(Fact::NoticeReceipt(Box::new(NoticeReceipt {
        notice: Some(warning.made.notice),
        message: None,
        attempt: None,
        channel: Channel::Letter,
        person: declared.then(|| "Olga".to_owned()),
        mailbox: None,
        role: declared.then_some(Role::Owner),
        kind,
        at: None,
        detail: None,
        tried: declared.then_some(tried),
    })));
}
