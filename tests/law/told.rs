//! What billing systems and agents say in a story, word by word.

use ambergate::domain::fact::{
    Acceptance, Access, Allocation, ArrangementEnded, ArrangementKind, ArrangementMade,
    ChargebackPhase, Collection, CreditChanged, FailureReason, Instalment, InvoiceKind,
    InvoiceNamed, InvoiceTerms, Line, PaymentFailed, PaymentPending, PaymentReceived,
    PaymentReversed, RefundMade, ReversalReason, SilenceCause, When,
};
use ambergate::domain::id::InvoiceId;
use ambergate::domain::money::Money;
use ambergate::domain::record::Fact;
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::{Fold, Instant, Zone};
use serde_json::json;

/// The fact that those words tell.
pub fn told_fact(words: &[&str], zone: &Zone) -> Fact {
    match words {
        ["issue", invoice, amount, "due", due] => {
            let terms = terms(invoice, Some(money(amount)), Some(due));
            Fact::InvoiceIssued(Box::new(terms))
        }
        ["opening", invoice, amount, "due", due] => {
            let terms = terms(invoice, Some(money(amount)), Some(due));
            Fact::InvoiceIssued(Box::new(InvoiceTerms { opening: Some(true), ..terms }))
        }
        ["issue", invoice, amount, "due", due, "scope", scope] => {
            Fact::InvoiceIssued(Box::new(InvoiceTerms {
                scope: Some(scope.parse().unwrap()),
                ..terms(invoice, Some(money(amount)), Some(due))
            }))
        }
        ["issue", invoice, amount, "due", due, "gates", scope] => {
            Fact::InvoiceIssued(Box::new(InvoiceTerms {
                scope: Some(scope.parse().unwrap()),
                gates_scope: Some(true),
                ..terms(invoice, Some(money(amount)), Some(due))
            }))
        }
        ["scope", invoice, scope] => Fact::InvoiceUpdated(Box::new(InvoiceTerms {
            scope: Some(scope.parse().unwrap()),
            ..terms(invoice, None, None)
        })),
        ["fee", invoice, amount, "due", due] => Fact::InvoiceIssued(Box::new(InvoiceTerms {
            kind: Some(InvoiceKind::Fee),
            ..terms(invoice, Some(money(amount)), Some(due))
        })),
        ["charge", invoice, amount] => Fact::InvoiceIssued(Box::new(InvoiceTerms {
            collection: Some(Collection::ChargeAutomatically),
            ..terms(invoice, Some(money(amount)), None)
        })),
        ["due", invoice, due] => Fact::InvoiceUpdated(Box::new(terms(invoice, None, Some(due)))),
        ["amount", invoice, amount] => {
            Fact::InvoiceUpdated(Box::new(terms(invoice, Some(money(amount)), None)))
        }
        ["total", amount, "of", invoice] => Fact::InvoiceUpdated(Box::new(InvoiceTerms {
            amount_paid: Some(money(amount)),
            ..terms(invoice, None, None)
        })),
        ["paid", invoice] => Fact::InvoicePaid(named(invoice)),
        ["void", invoice] => Fact::InvoiceVoided(named(invoice)),
        ["written_off", invoice] => Fact::InvoiceWrittenOff(named(invoice)),
        ["agree", kind, name, rest @ ..] => {
            Fact::ArrangementMade(Box::new(agreed(kind, name, rest)))
        }
        ["promise", name, invoice, "until", until] => {
            agreement("promise", name, &[&format!("invoices={invoice}"), &format!("until={until}")])
        }
        ["extend", name, invoice, "to", due] => agreement(
            "extension",
            name,
            &[&format!("invoices={invoice}"), &format!("due_on={due}")],
        ),
        ["ended", name, how, rest @ ..] => Fact::ArrangementEnded(ArrangementEnded {
            arrangement: name.parse().unwrap(),
            how: serde_json::from_value(json!(how)).unwrap(),
            by: None,
            amount: rest.first().map(|amount| money(amount)),
            reason: None,
        }),
        ["term", kind, fields @ ..] => term(kind, fields),
        _ => told_money(words, zone),
    }
}

/// `term trial ends_on=2026-03-13 data_until=2026-06-30 state=renewed scope=module:chat`.
fn term(kind: &str, fields: &[&str]) -> Fact {
    let fields = fields.iter().map(|field| field.split_once('=').expect("field=value"));
    let mut data: serde_json::Map<String, serde_json::Value> =
        fields.map(|(field, value)| (field.to_owned(), json!(value))).collect();
    data.insert("kind".to_owned(), json!(kind));
    let fact = Fact::TermUpdated(serde_json::from_value(data.into()).unwrap());
    let faults = ambergate::domain::event::faults_of(&fact);
    assert!(faults.is_empty(), "no such term is taken: {faults:?}");
    fact
}

/// What is said of money.
fn told_money(words: &[&str], zone: &Zone) -> Fact {
    match words {
        ["becomes_fee", invoice] => Fact::InvoiceUpdated(Box::new(InvoiceTerms {
            kind: Some(InvoiceKind::Fee),
            ..terms(invoice, None, None)
        })),
        ["replace", old, "by", invoice, amount, "due", due] => {
            let terms = terms(invoice, Some(money(amount)), Some(due));
            Fact::InvoiceIssued(Box::new(InvoiceTerms { replaces: Some(id(old)), ..terms }))
        }
        ["failed", invoice] => failed(invoice, None),
        ["failed", invoice, "next", day, time] => {
            let time = time.parse().unwrap();
            failed(invoice, Some(zone.at(day.parse().unwrap(), time, Fold::Later)))
        }
        ["pay", payment, amount, "for", parts @ ..] => Fact::PaymentReceived(PaymentReceived {
            payment: payment.parse().unwrap(),
            amount: money(amount),
            method: None,
            invoices: Some(allocations(amount, parts)),
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
        ["returned", payment, amount, "for", invoice] => {
            reversed(payment, amount, invoice, (ReversalReason::Returned, None))
        }
        ["chargeback", phase, payment, amount, "for", invoice] => {
            let phase: ChargebackPhase = serde_json::from_value(json!(phase)).unwrap();
            let why = (ReversalReason::Chargeback, Some(phase));
            reversed(payment, amount, invoice, why)
        }
        ["refund", amount, "of", invoice] => {
            Fact::RefundMade(RefundMade { invoice: id(invoice), amount: money(amount) })
        }
        ["credit", amount] => Fact::CreditChanged(CreditChanged { amount: money(amount) }),
        other => panic!("nobody knows how to {}", other.join(" ")),
    }
}

fn failed(invoice: &str, next_attempt_at: Option<Instant>) -> Fact {
    let reason = FailureReason::Declined;
    Fact::PaymentFailed(PaymentFailed { invoice: id(invoice), reason, next_attempt_at })
}

/// `in_1`, or `in_1 400.00EUR in_2 600.00EUR`.
fn allocations(amount: &str, parts: &[&str]) -> Vec<Allocation> {
    match parts {
        [invoice] => vec![Allocation { invoice: id(invoice), amount: money(amount) }],
        parts => parts
            .chunks(2)
            .map(|part| Allocation { invoice: id(part[0]), amount: money(part[1]) })
            .collect(),
    }
}

fn reversed(
    payment: &str,
    amount: &str,
    invoice: &str,
    (reason, phase): (ReversalReason, Option<ChargebackPhase>),
) -> Fact {
    Fact::PaymentReversed(PaymentReversed {
        payment: payment.parse().unwrap(),
        invoice: id(invoice),
        amount: money(amount),
        reason,
        phase,
    })
}

fn agreement(kind: &str, name: &str, fields: &[&str]) -> Fact {
    Fact::ArrangementMade(Box::new(agreed(kind, name, fields)))
}

/// `until=2026-04-02 invoices=in_1,in_2 instalments=500.00EUR@2026-04-15,500.00EUR@2026-05-15`.
fn agreed(kind: &str, name: &str, fields: &[&str]) -> ArrangementMade {
    let kind: ArrangementKind = serde_json::from_value(json!(kind)).unwrap();
    let mut made = ArrangementMade::new(name.parse().unwrap(), kind);
    for field in fields {
        let (field, value) = field.split_once('=').expect("field=value");
        let list = value.split(',');
        let day = || Some(When::Day(value.parse().unwrap()));
        let stage = || Stage::from_word(value);
        match field {
            "invoices" => made.invoices = Some(list.map(id).collect()),
            "until" => made.until = day(),
            "from" => made.from = day(),
            "due_on" => made.due_on = Some(value.parse().unwrap()),
            "amount" => made.amount = Some(money(value)),
            "opens" => made.opens = stage(),
            "stage" => made.stage = stage(),
            "reason" => made.reason = Some(value.replace('_', " ")),
            "by" => made.by = Some(value.to_owned()),
            "cause" => {
                let cause: SilenceCause = serde_json::from_value(json!(value)).unwrap();
                made.cause = Some(cause);
            }
            "access" => {
                let access: Access = serde_json::from_value(json!(value)).unwrap();
                made.access = Some(access);
            }
            "accepted_by" => {
                let role = Role::from_word(value).unwrap();
                made.accepted_by = Some(Acceptance { name: "Anna".to_owned(), role });
            }
            "instalments" => made.instalments = Some(list.map(instalment).collect()),
            "lines" => made.lines = Some(list.map(line).collect()),
            other => panic!("nobody agrees on {other}"),
        }
    }
    let fact = Fact::ArrangementMade(Box::new(made.clone()));
    let faults = ambergate::domain::event::faults_of(&fact);
    assert!(faults.is_empty(), "no such agreement is taken: {faults:?}");
    made
}

fn instalment(text: &str) -> Instalment {
    let (amount, due) = text.split_once('@').unwrap();
    Instalment { due_on: due.parse().unwrap(), amount: money(amount) }
}

fn line(text: &str) -> Line {
    let (line, amount) = text.split_once(':').unwrap();
    Line { line: line.to_owned(), amount: money(amount) }
}

fn id(invoice: &str) -> InvoiceId {
    invoice.parse().unwrap()
}

fn named(invoice: &str) -> InvoiceNamed {
    InvoiceNamed { invoice: id(invoice) }
}

/// `1000.00EUR`.
pub fn money(text: &str) -> Money {
    let (amount, currency) = text.split_at(text.len() - 3);
    let (whole, part) = amount.split_once('.').unwrap();
    let minor = whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap();
    Money { minor, currency: currency.parse().unwrap() }
}

fn terms(invoice: &str, amount: Option<Money>, due: Option<&str>) -> InvoiceTerms {
    InvoiceTerms {
        invoice: id(invoice),
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
        gates_scope: None,
        opening: None,
        replaces: None,
    }
}
