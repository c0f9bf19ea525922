//! A window with its server, and the hands of a person.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use egui::{Key, Modifiers};
use egui_kittest::{
    Harness, Node,
    kittest::{NodeT as _, Queryable as _},
};
use gestan_account_client::{ClientOptions, blocking::Client};
use gestan_account_desktop::{Store, Window, apply_theme};
use gestan_account_tests::{TestServer, code_in, machine, process::TIMEOUT};
use gestan_account_wizard::{Field, Kept, Language, Link, Screen, Wizard};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::gate::Gate;

pub(crate) const EMAIL: &str = "jeanne@exemple.fr";

/// A server with a gate before it.
pub(crate) struct Service {
    pub(crate) server: TestServer,
    pub(crate) gate: Gate,
    pub(crate) runtime: Runtime,
}

impl Service {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (server, gate) = runtime.block_on(async {
            let server = TestServer::start().await;
            let gate = Gate::before(server.address).await;
            (server, gate)
        });
        Self { server, gate, runtime }
    }

    /// The code that the last mail to `address` brought.
    pub(crate) fn code(&self, address: &str) -> String {
        code_in(&self.runtime.block_on(self.server.mail_to(address)).text)
    }

    /// How many mails were asked for, which are sent with that.
    pub(crate) fn mails(&self) -> usize {
        self.runtime.block_on(self.server.deliver_mail());
        self.server.mails().len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whatever mails a window had sent are none of a test's own business.
        self.server.leaves_mail();
        let _entered = self.runtime.enter();
    }
}

/// A window on a machine, whose file is in a folder of its own.
pub(crate) struct Scene {
    harness: Harness<'static, Window>,
    woken: Receiver<()>,
    folder: TempDir,
    pub(crate) language: Language,
}

impl Scene {
    /// On a machine that was never here.
    pub(crate) fn new(service: &Service) -> Self {
        Self::of(service, Kept::new(machine(1)), Language::French)
    }

    pub(crate) fn in_language(service: &Service, language: Language) -> Self {
        Self::of(service, Kept::new(machine(1)), language)
    }

    /// On a machine that is linked to an account of its own, whose form is in sight.
    pub(crate) fn linked(service: &Service, language: Language) -> (Self, u32) {
        let member = service.runtime.block_on(service.server.open_account(EMAIL, 1));
        let link = Some(Link { account_id: member.account_id, token: member.link_token });
        let kept = Kept { link, ..Kept::new(member.machine) };
        let mut scene = Self::of(service, kept, language);
        scene.until("the form", |wizard| wizard.account().is_some());
        (scene, member.account_id)
    }

    fn of(service: &Service, kept: Kept, language: Language) -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = Store::new(folder.path().join("fenetre.json"), None);
        store.save(&kept).expect("it is kept");
        Self::open(service, folder, store, kept, language)
    }

    pub(crate) fn open(
        service: &Service,
        folder: TempDir,
        store: Store,
        kept: Kept,
        language: Language,
    ) -> Self {
        let url = format!("http://{}", service.gate.address);
        let options = ClientOptions::new().locale(language.tag()).max_attempts(1);
        let client = Client::connect_lazy(&url, options).expect("a client");
        let window = Window::new(client, &url, kept, store, language);
        let harness = Harness::builder()
            .with_size([640.0, 560.0])
            .with_context_setup(apply_theme)
            .build_ui_state(|ui, window: &mut Window| window.ui(ui), window);
        let (wake, woken) = channel();
        harness.ctx.set_request_repaint_callback(move |_| {
            let _ = wake.send(());
        });
        Self { harness, woken, folder, language }
    }

    pub(crate) fn wizard(&self) -> &Wizard {
        self.harness.state().wizard()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("fenetre.json")
    }

    /// Draws the window until nothing moves any more.
    pub(crate) fn draw(&mut self) {
        self.harness.run_steps(3);
    }

    /// Draws the window until the wizard is where it should be.
    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Wizard) -> bool) {
        let begun = Instant::now();
        loop {
            self.draw();
            if is_so(self.wizard()) {
                return;
            }
            assert!(begun.elapsed() < TIMEOUT, "no {what}: {:?}", self.wizard());
            // An answer wakes the window; so does the wheel, while one is waited for.
            let _ = self.woken.recv_timeout(Duration::from_millis(20));
        }
    }

    pub(crate) fn until_screen(&mut self, screen: &Screen) {
        self.until(&format!("{screen:?}"), |wizard| wizard.screen() == screen);
    }

    /// Waits for the answer.
    pub(crate) fn until_answered(&mut self) {
        self.until("answer", |wizard| !wizard.is_waiting());
    }

    /// Whether a text is on the window, as a screen reader tells it.
    pub(crate) fn reads(&self, text: &str) -> bool {
        let of_node = |node: &Node<'_>| {
            let node = node.accesskit_node();
            let texts = [node.label(), node.value(), node.description()];
            texts.into_iter().flatten().any(|own| own.contains(text))
        };
        self.harness.root().children_recursive().any(|node| of_node(&node))
    }

    /// Everything that a screen reader tells of the window.
    pub(crate) fn all_words(&self) -> Vec<String> {
        let of_node = |node: Node<'_>| {
            let node = node.accesskit_node();
            [node.label(), node.value(), node.description()].into_iter().flatten()
        };
        self.harness.root().children_recursive().flat_map(of_node).collect()
    }

    /// The one button that is called so.
    fn button<'a>(&'a self, label: &'a str) -> Node<'a> {
        let nodes = self.harness.query_all_by_label_contains(label);
        let mut buttons = nodes.filter(|node| {
            let node = node.accesskit_node();
            matches!(node.role(), egui::accesskit::Role::Button | egui::accesskit::Role::CheckBox)
        });
        let button = buttons.next();
        button.unwrap_or_else(|| panic!("no button {label:?} in {:#?}", self.all_words()))
    }

    pub(crate) fn has_button(&self, label: &str) -> bool {
        self.harness
            .query_all_by_label_contains(label)
            .any(|node| node.accesskit_node().role() == egui::accesskit::Role::Button)
    }

    pub(crate) fn clicks(&mut self, label: &str) {
        self.button(label).click();
        self.draw();
    }

    /// Two clicks, as close as a hand can make them.
    pub(crate) fn clicks_twice(&mut self, label: &str) {
        let button = self.button(label);
        button.click();
        button.click();
        self.draw();
    }

    /// Types into a field, after what stands there.
    pub(crate) fn types(&mut self, field: Field, text: &str) {
        let label = field.label(self.language);
        let nodes = self.harness.query_all_by_label_contains(label);
        let mut fields = nodes.filter(|node| {
            let node = node.accesskit_node();
            let name = node.label().unwrap_or_default();
            node.is_text_input() && name.trim_end_matches(" •") == label
        });
        let node = fields.next().unwrap_or_else(|| panic!("no field {label:?}"));
        node.focus();
        drop(fields);
        self.draw();
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.draw();
    }

    /// Types in the place of what stands in a field.
    pub(crate) fn retypes(&mut self, field: Field, text: &str) {
        self.types(field, "");
        self.presses(Modifiers::COMMAND, Key::A);
        self.presses(Modifiers::NONE, Key::Backspace);
        if !text.is_empty() {
            self.harness.event(egui::Event::Text(text.to_owned()));
            self.draw();
        }
    }

    /// Types where the focus is.
    pub(crate) fn types_on(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.draw();
    }

    /// An event as a system sends it while these keys are down.
    pub(crate) fn sends_with(&mut self, modifiers: Modifiers, event: egui::Event) {
        let input = self.harness.input_mut();
        input.events.push(egui::Event::ModifiersChanged(modifiers));
        input.events.push(event);
        self.harness.step();
        self.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
        self.draw();
    }

    /// The button beside another machine, which is called as the one for this machine begins.
    pub(crate) fn detaches_the_other(&mut self) {
        let nodes = self.harness.query_all_by_label("Détacher");
        let mut buttons =
            nodes.filter(|node| node.accesskit_node().role() == egui::accesskit::Role::Button);
        buttons.next().expect("a button").click_accesskit();
        drop(buttons);
        self.draw();
    }

    pub(crate) fn presses(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.draw();
    }

    pub(crate) fn enter(&mut self) {
        self.presses(Modifiers::NONE, Key::Enter);
    }

    /// What has the focus, as a screen reader tells it.
    pub(crate) fn focused(&self) -> Option<String> {
        let mut nodes = self.harness.root().children_recursive();
        let node = nodes.find(Node::is_focused)?;
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    }

    /// Closes the window and opens it again on the same machine.
    pub(crate) fn reopened(self, service: &Service) -> Self {
        let Self { folder, language, harness, .. } = self;
        drop(harness);
        let store = Store::new(folder.path().join("fenetre.json"), None);
        let kept = store.load().expect("the file is read").expect("it was kept");
        Self::open(service, folder, store, kept, language)
    }
}
