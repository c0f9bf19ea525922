//! What is known of the call that runs, for the line that the log gets of it: what it is
//! called, and who turned out to make it. It belongs to the task of the call, as a span of
//! `tracing` would, which costs several times as much and cannot be asked what it holds.
//!
//! Nothing decides by it. Outside of a call nothing is noted, and nobody is missed.

use std::sync::{Arc, OnceLock};

use super::correlation::CorrelationId;
use crate::{
    domain::{account_id::AccountId, machine::MachineId},
    traces::CallTrace,
};

tokio::task_local! {
    static CURRENT: Arc<CallContext>;
}

/// What is known of a call. Only who has proved to be somebody is noted: not whom a stranger
/// names.
#[derive(Debug)]
pub(crate) struct CallContext {
    pub(crate) correlation_id: CorrelationId,
    account: OnceLock<AccountId>,
    machine: OnceLock<MachineId>,
    support_key: OnceLock<i32>,
    trace: Option<Arc<CallTrace>>,
}

impl CallContext {
    pub(crate) fn new(correlation_id: CorrelationId, trace: Option<Arc<CallTrace>>) -> Arc<Self> {
        let (account, machine, support_key) = Default::default();
        Arc::new(Self { correlation_id, account, machine, support_key, trace })
    }

    /// Runs `work` as this call.
    pub(crate) fn run<F: Future>(self: Arc<Self>, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Its trace, if it is traced.
    pub(crate) fn trace(&self) -> Option<&CallTrace> {
        self.trace.as_deref()
    }

    /// The account, once it is known.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.account.get().copied()
    }

    /// The machine, once it is known.
    pub(crate) fn machine(&self) -> Option<MachineId> {
        self.machine.get().copied()
    }

    /// The number of the support key, once it is known.
    pub(crate) fn support_key(&self) -> Option<i32> {
        self.support_key.get().copied()
    }
}

/// What the call that runs is called; empty outside of one.
pub(crate) fn correlation_id() -> String {
    let id = CURRENT.try_with(|call| call.correlation_id.to_string());
    id.unwrap_or_default()
}

/// The call is one of this account, or for it.
pub(crate) fn note_account(id: AccountId) {
    let _ = CURRENT.try_with(|call| call.account.set(id));
}

/// The call comes from this machine, or links it.
pub(crate) fn note_machine(id: MachineId) {
    let _ = CURRENT.try_with(|call| call.machine.set(id));
}

/// The call brings this support key.
pub(crate) fn note_support_key(id: i32) {
    let _ = CURRENT.try_with(|call| call.support_key.set(id));
}

/// Runs `work`, and notes in the trace of the call that runs, if it is traced, how long it took.
pub(crate) async fn traced<F: Future>(name: &'static str, work: F) -> F::Output {
    match CURRENT.try_with(|call| call.trace.clone()).ok().flatten() {
        Some(trace) => trace.part(name, work).await,
        None => work.await,
    }
}
