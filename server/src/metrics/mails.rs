//! What became of mails.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// The mails. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MailMetrics(Family<ResultLabel, Counter>);

/// What a try to send a mail came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailResult {
    /// The mail server took it.
    Sent,
    /// It is tried again later.
    Deferred,
    /// The mail server refuses it for good.
    Refused,
    /// Its time was over before anybody took it.
    Expired,
    /// Nobody has said whether it was taken, too often.
    GivenUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl MailResult {
    const ALL: [Self; 5] =
        [Self::Sent, Self::Deferred, Self::Refused, Self::Expired, Self::GivenUp];

    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::GivenUp => "given_up",
        }
    }
}

impl MailMetrics {
    pub(crate) fn count(&self, result: MailResult) {
        self.of(result).inc();
    }

    fn of(&self, result: MailResult) -> Counter {
        self.0.get_or_create(&ResultLabel { result: result.name() }).clone()
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        // Alerts ask how fast these grow: a series that begins with its first fault has not
        // grown yet.
        for result in MailResult::ALL {
            self.of(result);
        }
        registry.register("mails", "Tries to send a mail by their result", self.0.clone());
    }
}
