//! Whose support key a call brings, and whether it serves here and now.

use jiff::Timestamp;

use super::{BearerToken, SEEN_EXACTNESS};
use crate::{
    accounts::{
        Accounts, Origin,
        error::{DeskRefusal, Error},
    },
    credentials::token::Token,
    model::support_key::{KeyState, SupportKey},
    storage::support_key,
    telemetry::call,
    throttle::Throttled,
};

impl Accounts {
    /// The support agent whose key this is, in the order in which a refusal is told: the
    /// key, the networks, the rate.
    pub(in crate::accounts) async fn authenticate_support(
        &self,
        key: &Token,
        origin: &Origin,
    ) -> Result<SupportKey, Error> {
        let is_inside = self.support_keys.networks.admit(origin.ip);
        let (digest, elapsed) = (key.digest(), self.clock.elapsed());
        let bucket = digest.to_bytes();
        let refused =
            |retry_after| Error::Throttled { limit: Throttled::CallsWithKey, retry_after };
        if is_inside {
            // One that has used up its calls costs no look-up any more.
            self.support_keys.calls.check(bucket, elapsed).map_err(refused)?;
        }
        let found = support_key::find_by_digest(&self.db.read(), &digest).await?;
        let found = found.ok_or(Error::InvalidCredentials)?;
        call::note_support_key(found.id);
        let now = self.now();
        if let (KeyState::Expired, Some(expire_time)) = (found.state(now), found.expire_time) {
            return Err(DeskRefusal::KeyExpired { expire_time }.into());
        }
        if !is_inside {
            // It takes nothing of the key's calls: a key that was stolen must not keep its
            // owner from working.
            tracing::warn!(support_key.id = found.id, "a support key from outside its networks");
            return Err(DeskRefusal::OutsideNetworks.into());
        }
        self.support_keys.calls.take(bucket, elapsed).map_err(refused)?;
        self.note_use(&found, now).await;
        Ok(found)
    }

    /// Whether a call brings the key of a support agent that serves. It is not counted
    /// here: whoever asks this has counted the call as a stranger's.
    pub(crate) async fn is_support(&self, origin: &Origin) -> Result<bool, Error> {
        let Some(BearerToken::SupportKey(key)) = &origin.token else { return Ok(false) };
        if !self.support_keys.networks.admit(origin.ip) {
            return Ok(false);
        }
        let found = support_key::find_by_digest(&self.db.read(), &key.digest()).await?;
        Ok(found.is_some_and(|found| found.state(self.now()) == KeyState::Alive))
    }

    async fn note_use(&self, key: &SupportKey, now: Timestamp) {
        // Also when it lies that far ahead: then a clock that was ahead has written it.
        let is_noted = |time| now.duration_since(time).abs() < SEEN_EXACTNESS;
        if key.last_use_time.is_some_and(is_noted) {
            return;
        }
        // What was asked for does not depend on it: the next call notes it again.
        if let Err(error) = support_key::touch(&self.db.write(), key.id, now).await {
            tracing::warn!(support_key.id = key.id, %error, "last use not stored");
        }
    }
}
