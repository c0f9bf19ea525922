//! What else the server calls: the receiver of events, and the collector of traces. Neither gets
//! anything.

use jiff::Timestamp;
use tonic::Code;

use super::finding::{Finding, certificate_remedy};
use crate::{
    model::event::EventState,
    settings::{traces::TraceSettings, webhook::WebhookSettings},
    storage::{database::Database, event_outbox::operator},
};

const WEBHOOK: &str = "webhook";

/// Connects to the receiver. Whether it takes an event, only an event can tell.
pub(super) async fn receiver(settings: &WebhookSettings, findings: &mut Vec<Finding>) {
    // What is wrong with the settings is told among them.
    let Ok(Some(endpoint)) = settings.endpoint() else { return };
    let place = endpoint.place();
    findings.push(match endpoint.try_out().await {
        Ok(()) => Finding::ok(
            WEBHOOK,
            format!("{place} takes connections; `webhook test` sends it a signed event"),
        ),
        Err(why) => {
            let (what, why) = (format!("{place} is not reached: {why}"), why.to_string());
            Finding::problem(WEBHOOK, what, remedy(&why, "WEBHOOK_URL", "WEBHOOK_CA_FILE"))
        }
    });
}

/// Events that a person has to look at, if there is a receiver.
pub(super) async fn stuck_events(
    settings: &WebhookSettings,
    db: &Database,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    let Ok(Some(_)) = settings.endpoint() else { return };
    let mut counted = Vec::new();
    for state in [EventState::Expired, EventState::Dropped, EventState::Deferred] {
        match operator::count(&db.read(), state, now).await {
            Ok(0) => {}
            Ok(count) => counted.push(format!("{count} {state}")),
            Err(error) => {
                let what = format!("the events cannot be read: {error}");
                findings.push(Finding::problem(WEBHOOK, what, "look at the database first"));
                return;
            }
        }
    }
    findings.push(if counted.is_empty() {
        Finding::ok(WEBHOOK, "no event has expired, was dropped, or is deferred")
    } else {
        Finding::warning(
            WEBHOOK,
            format!("events: {}", counted.join(", ")),
            "`webhook list --state deferred` tells why, and so for the other states",
        )
    });
}

/// Sends the collector a request without spans.
pub(super) async fn collector(settings: &TraceSettings, findings: &mut Vec<Finding>) {
    const AREA: &str = "traces";
    let Ok(Some(mut collector)) = settings.collector() else { return };
    let tried = collector.try_out().await;
    let place = collector.place();
    findings.push(match tried {
        Ok(()) => Finding::ok(AREA, format!("{place} takes traces")),
        Err(why) => Finding::warning(
            AREA,
            format!("{place} takes no traces: {why}"),
            remedy(&why, "TRACES_URL", "TRACES_CA_FILE"),
        ),
    });
}

/// What helps, by the class of the failure.
fn remedy(why: &str, url: &str, ca_file: &str) -> String {
    certificate_remedy(why, url, ca_file).unwrap_or_else(|| {
        if why.contains("tls:") {
            format!("look whether it speaks TLS at this port: {url} may name another one")
        } else if why == Code::Unimplemented.description() {
            format!("another service listens there: give {url} the port of OTLP over gRPC, 4317")
        } else {
            format!("look at host and port in {url}, at firewalls on the way, and whether it runs")
        }
    })
}
