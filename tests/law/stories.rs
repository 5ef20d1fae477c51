//! Stories: what happens to a tenant, as text (`tests/law/stories/*.txt`).
//!
//! A story's first part is told line by line: `@` lines set the scene, then `day time what`.
//! After `---` comes what must have happened, exactly. `UPDATE_STORIES=1` writes what did.

use std::fs;
use std::path::Path;

use ambergate::domain::fact::{
    Allocation, ArrangementKind, ArrangementMade, Collection, Contact, FailureReason, InvoiceNamed,
    InvoiceTerms, PaymentFailed, PaymentPending, PaymentReceived, PaymentReversed, ReversalReason,
    TaskDone, TaskOutcome, TenantUpdated, When,
};
use ambergate::domain::money::Money;
use ambergate::domain::record::Fact;
use ambergate::domain::span::Span;
use ambergate::domain::time::{Fold, Instant, Zone};
use ambergate::domain::week::TimeOfDay;

use crate::world::{Mail, STANDARD, World, law_of};

#[test]
fn every_story_goes_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/law/stories");
    let mut told = 0;
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let (told_part, expected) = text.split_once("---\n").unwrap_or((&text, ""));
        let happened = tell(told_part);
        if happened != expected {
            if std::env::var_os("UPDATE_STORIES").is_some() {
                fs::write(&path, format!("{told_part}---\n{happened}")).unwrap();
            }
            wrong.push(format!("{}\nexpected:\n{expected}\nhappened:\n{happened}", path.display()));
        }
        told += 1;
    }
    assert!(told > 0, "there are no stories");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What happens in a story, a line each.
fn tell(story: &str) -> String {
    let mut scene = Scene::default();
    let lines = story.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    for line in lines {
        match line.strip_prefix('@') {
            Some(setting) => scene.set(setting.trim()),
            None => scene.happen(line),
        }
    }
    let world = scene.world.expect("a story has a beginning");
    let mut out = String::new();
    for (at, line) in &world.log {
        out.push_str(&format!("{}  {line}\n", world.local(*at)));
    }
    out
}

#[derive(Default)]
struct Scene {
    world: Option<World>,
    policy: Option<String>,
    zone: Option<String>,
    slack: Option<String>,
    country: Option<String>,
    contacts: Vec<Contact>,
    mail: Option<Mail>,
}

impl Scene {
    fn set(&mut self, setting: &str) {
        let (what, rest) = setting.split_once(' ').unwrap_or((setting, ""));
        match what {
            "policy" => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policies");
                self.policy = Some(fs::read_to_string(path.join(format!("{rest}.toml"))).unwrap());
            }
            "slack" => self.slack = Some(rest.to_owned()),
            "zone" => self.zone = Some(rest.to_owned()),
            "country" => self.country = Some(rest.to_owned()),
            "contact" => {
                let (role, email) = rest.split_once(' ').unwrap();
                self.contacts.push(Contact {
                    role: ambergate::domain::stage::Role::from_word(role).unwrap(),
                    name: None,
                    email: Some(email.to_owned()),
                    phone: None,
                });
            }
            "mail" => self.mail = Some(mail(rest)),
            other => panic!("unknown setting {other}"),
        }
    }

    fn happen(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (day, time) = (words.next().unwrap(), words.next().unwrap());
        let rest: Vec<&str> = words.collect();
        let zone = self.zone.as_deref().unwrap_or("Europe/Berlin");
        let zone = Zone::named(zone).unwrap();
        let time: TimeOfDay = time.parse().unwrap();
        let at = zone.at(day.parse().unwrap(), time, Fold::Later);
        if self.world.is_none() {
            self.world = Some(self.begin(at, zone));
        }
        let world = self.world.as_mut().unwrap();
        world.run_until(at);
        act(world, &rest);
        world.tick();
    }

    fn begin(&self, at: Instant, zone: Zone) -> World {
        let text = self.policy.clone().unwrap_or_else(|| STANDARD.to_owned());
        let text = match &self.slack {
            Some(slack) => text.replace("slack = \"15 minutes\"", &format!("slack = \"{slack}\"")),
            None => text,
        };
        let mut world = World::new(law_of(&text), at);
        world.mail = self.mail.unwrap_or(Mail::AtOnce);
        let own_zone = self.zone.clone();
        world.zone = zone;
        world.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
            country: self.country.clone(),
            time_zone: own_zone,
            contacts: Some(self.contacts.clone()),
            ..TenantUpdated::default()
        })));
        world
    }
}

fn mail(words: &str) -> Mail {
    match words {
        "at once" => Mail::AtOnce,
        "refused" => Mail::Refused,
        "never" => Mail::Never,
        late => {
            let span: Span = late.strip_suffix(" late").unwrap().parse().unwrap();
            Mail::Late(span.nominal_millis().unwrap())
        }
    }
}

fn act(world: &mut World, words: &[&str]) {
    let fact = match words {
        ["end"] => return,
        ["off"] => return world.off = true,
        ["on"] => {
            world.off = false;
            return;
        }
        ["switch", "open"] => return world.situation.switch_open = true,
        ["switch", "close"] => {
            world.situation.switch_open = false;
            world.situation.generation += 1;
            return;
        }
        ["done", kind, outcome] => task_done(world, kind, outcome),
        ["mail", rest @ ..] => return world.mail = mail(&rest.join(" ")),
        ["contact", role, email] => {
            let mut contacts = world.account().profile.contacts;
            contacts.retain(|known| known.role.word() != *role);
            contacts.push(Contact {
                role: ambergate::domain::stage::Role::from_word(role).unwrap(),
                name: None,
                email: Some((*email).to_owned()),
                phone: None,
            });
            Fact::TenantUpdated(Box::new(TenantUpdated {
                contacts: Some(contacts),
                ..TenantUpdated::default()
            }))
        }
        _ => told_fact(words),
    };
    world.fact(fact);
}

/// The newest task of a kind is done.
fn task_done(world: &World, kind: &str, outcome: &str) -> Fact {
    let outcome = match outcome {
        "approved" => TaskOutcome::Approved,
        "reached" => TaskOutcome::Reached,
        _ => TaskOutcome::Done,
    };
    let account = world.account();
    let task = account.tasks.iter().rev().find(|task| task.made.kind.word() == kind).unwrap();
    Fact::TaskDone(TaskDone { task: task.made.task, outcome, by: None, note: None })
}

/// What a billing system or an agent says.
fn told_fact(words: &[&str]) -> Fact {
    match words {
        ["issue", invoice, amount, "due", due] => {
            let terms = terms(invoice, Some(money(amount)), Some(due));
            Fact::InvoiceIssued(Box::new(terms))
        }
        ["charge", invoice, amount] => Fact::InvoiceIssued(Box::new(InvoiceTerms {
            collection: Some(Collection::ChargeAutomatically),
            ..terms(invoice, Some(money(amount)), None)
        })),
        ["due", invoice, due] => Fact::InvoiceUpdated(Box::new(terms(invoice, None, Some(due)))),
        ["failed", invoice] => Fact::PaymentFailed(PaymentFailed {
            invoice: invoice.parse().unwrap(),
            reason: FailureReason::Declined,
            next_attempt_at: None,
        }),
        ["paid", invoice] => Fact::InvoicePaid(InvoiceNamed { invoice: invoice.parse().unwrap() }),
        ["pay", payment, amount, "for", invoice] => Fact::PaymentReceived(PaymentReceived {
            payment: payment.parse().unwrap(),
            amount: money(amount),
            method: None,
            invoices: Some(vec![Allocation {
                invoice: invoice.parse().unwrap(),
                amount: money(amount),
            }]),
        }),
        ["pay", payment, amount] => Fact::PaymentReceived(PaymentReceived {
            payment: payment.parse().unwrap(),
            amount: money(amount),
            method: None,
            invoices: None,
        }),
        ["pending", payment, amount, "for", invoice] => Fact::PaymentPending(PaymentPending {
            payment: payment.parse().unwrap(),
            invoice: invoice.parse().unwrap(),
            amount: money(amount),
            method: None,
        }),
        ["returned", payment, amount, "for", invoice] => Fact::PaymentReversed(PaymentReversed {
            payment: payment.parse().unwrap(),
            invoice: invoice.parse().unwrap(),
            amount: money(amount),
            reason: ReversalReason::Returned,
        }),
        ["void", invoice] => {
            Fact::InvoiceVoided(InvoiceNamed { invoice: invoice.parse().unwrap() })
        }
        ["promise", name, invoice, "until", until] => arrangement(
            name,
            invoice,
            ArrangementKind::Promise,
            (Some(When::Day(until.parse().unwrap())), None),
        ),
        ["extend", name, invoice, "to", due] => arrangement(
            name,
            invoice,
            ArrangementKind::Extension,
            (None, Some(due.parse().unwrap())),
        ),
        other => panic!("nobody knows how to {}", other.join(" ")),
    }
}

fn arrangement(
    name: &str,
    invoice: &str,
    kind: ArrangementKind,
    (until, due_on): (Option<When>, Option<ambergate::domain::time::Day>),
) -> Fact {
    Fact::ArrangementMade(Box::new(ArrangementMade {
        arrangement: name.parse().unwrap(),
        kind,
        invoices: Some(vec![invoice.parse().unwrap()]),
        until,
        due_on,
        amount: None,
        by: None,
        reason: None,
    }))
}

/// `1000.00EUR`.
fn money(text: &str) -> Money {
    let (amount, currency) = text.split_at(text.len() - 3);
    let (whole, part) = amount.split_once('.').unwrap();
    let minor = whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap();
    Money { minor, currency: currency.parse().unwrap() }
}

fn terms(invoice: &str, amount: Option<Money>, due: Option<&str>) -> InvoiceTerms {
    InvoiceTerms {
        invoice: invoice.parse().unwrap(),
        number: None,
        kind: None,
        amount,
        amount_paid: None,
        issued_on: None,
        due_on: due.map(|due| due.parse().unwrap()),
        scope: None,
        pay_url: None,
        document_url: None,
        purchase_order: None,
        collection: None,
    }
}
