//! A billing system that is asked before a cutoff: it knows what the feed lost.

use ambergate::domain::decision::RungEntered;
use ambergate::domain::record::Fact;

use crate::world::World;

/// What it knows and nobody heard, and whether it answers.
#[derive(Clone, Debug, Default)]
pub struct Billing {
    /// Nobody answers there.
    pub away: bool,
    /// Facts that never arrived.
    pub lost: Vec<Fact>,
}

/// The source of what is told in stories and histories.
pub const SOURCE: &str = "test";

impl World {
    /// Asks what is to be asked before anything is entered. Whether anything came of it.
    pub(crate) fn ask(&mut self) -> bool {
        let asks = self.plan().asks;
        if self.billing.away {
            return false;
        }
        for ask in &asks {
            let about = |fact: &Fact| fact.invoice() == Some(&ask.invoice);
            if let Some(place) = self.billing.lost.iter().position(about) {
                let fact = self.billing.lost.remove(place);
                self.fact(fact);
                return true;
            }
            self.situation.asking.agreed = Some(ask.case);
            self.settle(false);
            self.situation.asking.agreed = None;
        }
        !asks.is_empty()
    }

    /// What is wrong with an entry that its billing system did not agree to.
    pub(crate) fn fault_of_asking(&self, rung: &RungEntered) -> Option<&'static str> {
        self.situation.asking.of.filter(|_| rung.effect().restricts())?;
        let account = self.account();
        let case = account.case(rung.case)?;
        // About a term, or what an operator asked for, there is nothing to ask.
        let invoice = Some(account.invoice_of(case)).filter(|it| it.is_billed())?;
        let invoice = &invoice.invoice;
        let about = |fact: &Fact| fact.invoice() == Some(invoice);
        if self.billing.lost.iter().any(about) {
            return Some("its billing system knows better");
        }
        let agreed = self.situation.asking.agreed == Some(rung.case) && rung.checked.asked;
        (!agreed).then_some("its billing system was not asked")
    }
}
