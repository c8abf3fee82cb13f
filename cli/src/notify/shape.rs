//! What is posted: our own JSON, or a message as Slack's incoming webhooks take it
//! (`api.slack.com/messaging/webhooks`: `text`, with `&`, `<` and `>` escaped).

use clap::ValueEnum;
use serde_json::json;
use tollgate_admin::Question;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// `{"v":1,"event":"question","question":{...}}`
    Generic,
    /// `{"text":"..."}`
    Slack,
}

impl Shape {
    /// The body of a request.
    pub(super) fn body(self, question: &Question) -> serde_json::Result<Vec<u8>> {
        let value = match self {
            Self::Generic => json!({ "v": 1, "event": "question", "question": question }),
            Self::Slack => json!({ "text": markup(&text(question)) }),
        };
        serde_json::to_vec(&value)
    }
}

/// A few lines that a person decides by, and how to answer.
pub(super) fn text(question: &Question) -> String {
    let tier = question.tier.map_or("unknown tier".to_owned(), |tier| format!("T{tier}"));
    let target = if question.target.is_empty() { "no target".to_owned() } else { question.target.join(", ") };
    [
        format!("{} wants to run: {}", question.agent, question.command),
        format!("{} ({tier}: {}), {target}", question.operation, question.rationale),
        format!("asked by {}", question.rule),
        format!("tollgate approve {id}  |  tollgate deny {id}", id = question.id),
    ]
    .join("\n")
}

/// As text in markup: what a caller wrote makes no link, mention or tag.
pub(super) fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn question() -> Question {
        let question = json!({
            "id": "01JD", "asked": "2026-02-12T14:30:22Z", "left_s": 3500, "agent": "claude-code", "session": null,
            "command": "terraform apply -var 'a=<!channel> & <http://x|y>'", "folder": "/srv", "operation": "terraform.apply",
            "tier": 2, "rationale": "changes", "also": [], "target": ["workspace prod (from TF_WORKSPACE)"],
            "rule": "ask (10.toml:4)",
        });
        serde_json::from_value(question).unwrap()
    }

    #[test]
    fn a_message_mentions_nobody_that_the_caller_names() {
        let body: serde_json::Value = serde_json::from_slice(&Shape::Slack.body(&question()).unwrap()).unwrap();
        let expected = "claude-code wants to run: terraform apply -var 'a=&lt;!channel&gt; &amp; &lt;http://x|y&gt;'\n\
                        terraform.apply (T2: changes), workspace prod (from TF_WORKSPACE)\nasked by ask (10.toml:4)\n\
                        tollgate approve 01JD  |  tollgate deny 01JD";
        assert_eq!(body, json!({ "text": expected }));
    }

    #[test]
    fn our_own_shape_has_the_whole_question() {
        let body: serde_json::Value = serde_json::from_slice(&Shape::Generic.body(&question()).unwrap()).unwrap();
        assert_eq!((&body["v"], &body["event"]), (&json!(1), &json!("question")));
        assert_eq!(body["question"], serde_json::to_value(question()).unwrap());
    }
}
