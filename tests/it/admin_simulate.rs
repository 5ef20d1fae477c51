//! `POST /v1/policies/{name}/simulate`: the real law over virtual time, over HTTP.

use serde_json::json;

use crate::admin::Site;

#[tokio::test]
async fn an_invoice_is_simulated_under_a_policy_in_force() {
    let site = Site::new().await;
    let line = "POST /v1/policies/standard/simulate";
    let told = json!({"due_on": "2026-03-13", "known": "2026-03-02T08:00"});
    let (status, answer) = site.ask("viewer", line, Some(told)).await;
    assert_eq!(status, 200, "{answer}");
    let steps = answer["steps"].as_array().unwrap();
    let entered = steps.iter().filter(|step| step["what"] == "entered");
    let entered: Vec<_> = entered.map(|step| step["local"].as_str().unwrap()).collect();
    assert_eq!(entered, ["Mon 2026-03-16 09:00", "Mon 2026-03-30 10:15", "Mon 2026-04-13 10:15"]);
    for (told, field) in [
        (json!({"due_on": "13"}), "due_on"),
        (json!({"due_on": "2026-03-13", "knwon": 1}), "knwon"),
        (json!({"due_on": "2026-03-13", "time_zone": "Mars"}), "time_zone"),
        (json!({"due_on": "2026-03-13", "late_mail": "soon"}), "late_mail"),
    ] {
        let (status, answer) = site.ask("viewer", line, Some(told)).await;
        assert_eq!((status, &answer["errors"][0]["field"]), (400, &json!(field)), "{answer}");
    }
    let (status, _) = site
        .ask("viewer", "POST /v1/policies/nope/simulate", Some(json!({"due_on": "2026-03-13"})))
        .await;
    assert_eq!(status, 404);
}
