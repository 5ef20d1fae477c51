//! What would become of one invoice under a policy in force.
//!
//! Rule: it is the law over virtual time, bounded: some years, some hundreds of things told.

use axum::Json as Answer;
use axum::extract::State;
use serde_json::Value;

use super::Admin;
use super::request::{Json, Named, faulty};
use crate::domain::simulate::{Refused, Scenario, simulate, to_json};
use crate::net::problem::Problem;

pub(super) async fn run(
    State(admin): State<Admin>,
    Named(name): Named<String>,
    Json(scenario): Json<Scenario>,
) -> Result<Answer<Value>, Problem> {
    let law = admin.ledger.law();
    let ran = tokio::task::spawn_blocking(move || simulate(&law, &name, &scenario)).await;
    match ran.map_err(|_| Problem::internal())? {
        Ok(done) => Ok(Answer(to_json(&done))),
        Err(Refused::NoPolicy(_)) => Err(Problem::not_found("no policy of this name is in force")),
        Err(Refused::Faulty(faults)) => Err(faulty(&faults)),
        Err(Refused::Endless(endless)) => {
            tracing::error!(%endless, "a simulation did not come to an end");
            Err(Problem::internal())
        }
    }
}
