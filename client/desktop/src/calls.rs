//! Calls under way, each on a thread of its own: one that nobody waits for any more, because the
//! person stopped waiting, keeps none that comes after it.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use gestan_account_client::{Error, blocking::Client};
use gestan_account_wizard::{Answer, Call, CallId};

/// What came of a call.
type Ended = (CallId, Result<Answer, Error>);

pub(crate) struct Calls {
    client: Client,
    sender: Sender<Ended>,
    receiver: Receiver<Ended>,
}

impl Calls {
    pub(crate) fn new(client: Client) -> Self {
        let (sender, receiver) = channel();
        Self { client, sender, receiver }
    }

    /// Makes a call, and wakes the window once it is answered.
    pub(crate) fn make(&self, call: Call, context: egui::Context) {
        let (client, sender, id) = (self.client.clone(), self.sender.clone(), call.id());
        let wait = move || {
            let answer = call.make(&client);
            // The window may be gone: then nobody wants the answer.
            let _ = sender.send((id, answer));
            context.request_repaint();
        };
        let thread = thread::Builder::new().name("gestan-account-call".to_owned()).spawn(wait);
        if let Err(error) = thread {
            let _ = self.sender.send((id, Err(Error::Transport(Box::new(error)))));
        }
    }

    /// The next answer that has come.
    pub(crate) fn take(&self) -> Option<Ended> {
        self.receiver.try_recv().ok()
    }
}
