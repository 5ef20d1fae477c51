//! Stories: what happens to a tenant, as text (`tests/law/stories`, a folder a theme).
//!
//! A story's first part is told line by line: `@` lines set the scene, then `day time what`.
//! After `---` comes what must have happened, exactly. `UPDATE_STORIES=1` writes what did.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambergate::domain::account::HoldCause;
use ambergate::domain::calendar::Calendar;
use ambergate::domain::closed;
use ambergate::domain::effect::Effect;
use ambergate::domain::fact::{Contact, TenantUpdated};
use ambergate::domain::grant::ScopeStage;
use ambergate::domain::record::Fact;
use ambergate::domain::span::Span;
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{Day, Fold, Instant, Zone};
use ambergate::domain::week::TimeOfDay;
use serde_json::{Map, Value, json};

use crate::mail::Mail;
use crate::moves::with_mild;
use crate::told::{money, told_fact};
use crate::watch::with_slow;
use crate::world::{STANDARD, World, law_of};

#[test]
fn every_story_goes_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/law/stories");
    let mut told = 0;
    let mut wrong = Vec::new();
    for path in stories(&folder) {
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

/// The stories of a folder and of those in it, by name.
fn stories(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        paths.flat_map(|path| if path.is_dir() { stories(&path) } else { vec![path] }).collect();
    found.sort();
    found
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
    let theirs = world.payer.iter().flat_map(|payer| &payer.log);
    let theirs = theirs.map(|(at, line)| (*at, format!("payer: {line}")));
    let own = world.log.iter().cloned();
    let mut lines: Vec<(Instant, String)> = theirs.chain(own).collect();
    lines.sort_by_key(|(at, _)| *at);
    for (at, line) in lines {
        out.push_str(&format!("{}  {line}\n", world.local(at)));
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
    asked: bool,
}

impl Scene {
    fn set(&mut self, setting: &str) {
        let (what, rest) = setting.split_once(' ').unwrap_or((setting, ""));
        match what {
            "policy" => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policies");
                self.policy = Some(fs::read_to_string(path.join(format!("{rest}.toml"))).unwrap());
            }
            "rung" => self.add_to_rung(rest),
            "instead" => self.say_otherwise(rest),
            "select" => self.select(rest),
            "mild" => self.policy = Some(with_mild(self.policy.as_deref().unwrap_or(STANDARD))),
            "calendar" => self.calendar(rest),
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
            "asked" => self.asked = true,
            "slow" => {
                let policy = self.policy.as_deref().unwrap_or(STANDARD);
                self.policy = Some(with_slow(policy));
            }
            other => panic!("unknown setting {other}"),
        }
    }

    /// Another shipped policy besides, for those that a condition picks.
    fn select(&mut self, rest: &str) {
        let (policy, condition) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policies");
        let other = fs::read_to_string(path.join(format!("{policy}.toml"))).unwrap();
        let text = self.policy.take().unwrap_or_else(|| STANDARD.to_owned());
        let line = format!("[[select]]\npolicy = \"{policy}\"\n{condition}\n");
        self.policy = Some(format!("{text}\n{other}\n{line}"));
    }

    /// A calendar with these holidays: `CH 2026-04-03 2026-04-06`.
    fn calendar(&mut self, rest: &str) {
        let (name, days) = rest.split_once(' ').unwrap();
        let text = self.policy.take().unwrap_or_else(|| STANDARD.to_owned());
        let mut document: toml::Table = text.parse().unwrap();
        let calendars = document["calendars"].as_table_mut().unwrap();
        let mut calendar = calendars["DE"].clone();
        let days = days.split(' ').map(|day| toml::Value::String(day.to_owned()));
        calendar["holidays"] = toml::Value::Array(days.collect());
        calendars.insert(name.to_owned(), calendar);
        self.policy = Some(document.to_string());
    }

    /// Says something of the policy otherwise, wherever it is said: `THIS -> THAT`.
    fn say_otherwise(&mut self, rest: &str) {
        let (this, that) = rest.split_once(" -> ").unwrap();
        let text = self.policy.take().unwrap_or_else(|| STANDARD.to_owned());
        assert!(text.contains(this), "the policy does not say {this}");
        self.policy = Some(text.replace(this, that));
    }

    /// Adds a line to a rung, counted from 1; rung 0 is the policy itself.
    fn add_to_rung(&mut self, rest: &str) {
        let (rung, line) = rest.split_once(' ').unwrap();
        let text = self.policy.take().unwrap_or_else(|| STANDARD.to_owned());
        let heads = text.match_indices("\n[[policies.").map(|(at, _)| at);
        let heads: Vec<usize> = text.find("\n[policies.").into_iter().chain(heads).collect();
        let head = heads[rung.parse::<usize>().unwrap()] + 1;
        let after = head + text[head..].find('\n').unwrap() + 1;
        self.policy = Some(format!("{}{line}\n{}", &text[..after], &text[after..]));
    }

    fn happen(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (day, time) = (words.next().unwrap(), words.next().unwrap());
        let rest: Vec<&str> = words.collect();
        let zone = Zone::named(self.zone.as_deref().unwrap_or("Europe/Berlin")).unwrap();
        let at = instant(&zone, day, time);
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
        world.situation.asking.of = self.asked.then_some(crate::asked::SOURCE);
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

fn instant(zone: &Zone, day: &str, time: &str) -> Instant {
    let time: TimeOfDay = time.parse().unwrap();
    zone.at(day.parse().unwrap(), time, Fold::Later)
}

fn mail(words: &str) -> Mail {
    match words {
        "at once" => Mail::AtOnce,
        "refused" => Mail::Refused,
        "never" => Mail::Never,
        "unsure" => Mail::Unsure,
        "killed" => Mail::Killed,
        "held" => Mail::Held,
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
        ["breaker", "trips"] => return world.situation.slots = false,
        ["breaker", "reset"] => return world.situation.slots = true,
        ["switch", "open"] => return world.situation.switch_open = true,
        ["switch", "close"] => {
            world.situation.switch_open = false;
            world.situation.generation += 1;
            return;
        }
        ["digest", "required"] => return world.situation.digest_required = true,
        ["digests", "lost"] => return world.digests.lost = true,
        ["digests", "arrive"] => return world.digests.lost = false,
        ["hold", "it"] => return world.hold_newest(),
        ["notices", "hold"] => return world.situation.notices_held = true,
        ["notices", "on"] => return world.situation.notices_held = false,
        ["observe"] => {
            (world.situation.observed, world.situation.switch_open) = (true, true);
            return;
        }
        ["enforce"] => {
            (world.situation.observed, world.situation.switch_open) = (false, false);
            world.situation.generation += 1;
            return;
        }
        ["unheard", rest @ ..] => {
            let fact = told_fact(rest, &world.zone);
            return world.billing.lost.push(fact);
        }
        ["billing", "away"] => return world.billing.away = true,
        ["billing", "back"] => return world.billing.away = false,
        ["source", "silent"] => return world.situation.heard = false,
        ["source", "heard"] => return world.situation.heard = true,
        ["show"] => return world.log.push((world.now, shown(world))),
        ["tasks"] => return world.log.push((world.now, to_do(world))),
        ["holiday", day] => return publish(world, day.parse().unwrap(), true),
        ["workday", day] => return publish(world, day.parse().unwrap(), false),
        ["dated", day, time, "accepted", policy, by] => {
            let (at, fact) = (instant(&world.zone, day, time), accepted(world, policy, by));
            return world.fact_at(at, fact);
        }
        ["dated", day, time, rest @ ..] => {
            let fact = told_fact(rest, &world.zone);
            return world.fact_at(instant(&world.zone, day, time), fact);
        }
        ["from", source, rest @ ..] => {
            let fact = told_fact(rest, &world.zone);
            return world.fact_from(source, fact);
        }
        ["migrate", policy] => {
            world.log.push((world.now, format!("all cases moved to {policy}")));
            return world.migrate(policy);
        }
        ["payer", "contact", email] => return world.add_payer(email),
        ["payer", rest @ ..] => return world.at_payer(|payer| act(payer, rest)),
        ["merged", "into", payer] => return world.merge(payer),
        ["paid_by", payer] => return world.paid_by(payer.trim_matches('-')),
        ["mail", rest @ ..] => return world.mail = mail(&rest.join(" ")),
        _ => said(world, words),
    };
    world.fact(fact);
}

/// What people do, and who the tenant is.
fn said(world: &World, words: &[&str]) -> Fact {
    match words {
        ["done", kind, outcome, rest @ ..] => task_done(world, kind, outcome, rest),
        ["declared", kind, tried @ ..] => {
            let fields = json!({"kind": "declared", "person": "Olga", "role": "owner"});
            receipt_of(world, kind, fields, Some(tried))
        }
        ["returned_letter", kind] => receipt_of(world, kind, json!({"kind": "bounced"}), None),
        ["credit_limit", limit] => Fact::TenantUpdated(Box::new(TenantUpdated {
            credit_limit: Some(money(limit)),
            ..TenantUpdated::default()
        })),
        ["accepted", policy, by] => accepted(world, policy, by),
        ["tenant", rest @ ..] => {
            let field =
                |word: &&str| word.split_once('=').map(|(key, it)| (key.to_owned(), json!(it)));
            let fields: Map<String, Value> = rest.iter().filter_map(field).collect();
            Fact::TenantUpdated(Box::new(serde_json::from_value(Value::Object(fields)).unwrap()))
        }
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
        _ => told_fact(words, &world.zone),
    }
}

/// What a tenant may do, what it owes, and what stands still.
fn shown(world: &World) -> String {
    let account = world.account();
    let owed: Vec<String> = account.owed().iter().map(ToString::to_string).collect();
    let owed = if owed.is_empty() { "nothing".to_owned() } else { owed.join(" and ") };
    let live = account.cases.iter().filter(|case| case.is_live());
    let held = live.flat_map(|case| &case.holds);
    let held = held.filter(|hold| hold.covers(world.now) && hold.cause != HoldCause::Over);
    let mut held: Vec<String> = held.map(|hold| format!("{:?}", hold.cause)).collect();
    held.sort();
    held.dedup();
    let held = if held.is_empty() { String::new() } else { format!(", held: {}", held.join(", ")) };
    let old = closed::generation(&account) < world.situation.generation;
    let mut closed = closed::scopes(&account, &world.law);
    for scope in closed.iter_mut().filter(|scope| old && scope.effect().restricts()) {
        (scope.stage, scope.slow) = (Stage::Grace, None);
    }
    let mut stages: Vec<String> = closed
        .iter()
        .filter(|it| !it.scope.is_whole())
        .map(|it| format!("{} {}", it.scope, it.effect()))
        .collect();
    let whole = closed.iter().find(|it| it.scope.is_whole());
    let mut whole = whole.map_or(Effect::NONE, ScopeStage::effect);
    if world.payer.is_some() {
        whole.stage = whole.stage.min(world.stage_beside_payer());
    }
    stages.insert(0, whole.to_string());
    format!("({}, owed {owed}{held})", stages.join(", "))
}

/// What people are to do.
fn to_do(world: &World) -> String {
    let account = world.account();
    let open = account.tasks.iter().filter(|task| task.is_open());
    let open: Vec<&str> = open.map(|task| task.made.kind.word()).collect();
    format!("(to do: {})", open.join(", "))
}

/// Another version of every calendar is published.
fn publish(world: &mut World, day: Day, holiday: bool) {
    for calendar in world.law.calendars.values_mut() {
        let known = calendar.holidays().iter().copied().filter(|known| *known != day);
        let holidays = known.chain(holiday.then_some(day)).collect();
        *calendar = Arc::new(Calendar::new(calendar.working_days(), holidays));
    }
}

/// The version in force of a policy is accepted.
fn accepted(world: &World, policy: &str, by: &str) -> Fact {
    let version = world.law.policies[policy].hash;
    let data = json!({"policy": policy, "version": version, "by": by});
    Fact::PolicyAccepted(serde_json::from_value(data).unwrap())
}

/// The newest task of a kind is done: `until=2026-04-02 amount=500.00EUR`.
fn task_done(world: &World, kind: &str, outcome: &str, fields: &[&str]) -> Fact {
    let account = world.account();
    let task = account.tasks.iter().rev().find(|task| task.made.kind.word() == kind).unwrap();
    let mut data = json!({"task": task.made.task, "outcome": outcome});
    for (field, value) in fields.iter().map(|field| field.split_once('=').unwrap()) {
        data[field] = if field == "amount" { json!(money(value)) } else { json!(value) };
    }
    let fact = Fact::TaskDone(serde_json::from_value(data).unwrap());
    let faults = ambergate::domain::event::faults_of(&fact);
    assert!(faults.is_empty(), "no such outcome is taken: {faults:?}");
    fact
}

/// Somebody says what became of the newest notice of a kind, on paper.
fn receipt_of(world: &World, kind: &str, mut data: Value, tried: Option<&[&str]>) -> Fact {
    let account = world.account();
    let notice = account.notices.iter().rev().find(|notice| notice.made.kind == kind).unwrap();
    data["notice"] = json!(notice.made.notice);
    data["channel"] = json!("letter");
    data["tried"] = json!(tried);
    let fact = Fact::NoticeReceipt(serde_json::from_value(data).unwrap());
    let faults = ambergate::domain::event::faults_of(&fact);
    assert!(faults.is_empty(), "no such receipt is taken: {faults:?}");
    fact
}
