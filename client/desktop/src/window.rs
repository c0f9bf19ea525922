//! The window: a title, a screen, and the buttons below it. It gives the wizard what the person
//! does and the service answers, and draws what comes of it.

use std::time::Duration;

use egui::{Frame, Key, Margin, Rect, RichText, ScrollArea, Spinner, Stroke, Ui, UiBuilder, Vec2};
use gestan_account_client::{Error, blocking::Client};
use gestan_account_wizard::{
    Action, Answer, Call, CallId, Field, Kept, Language, Moment, Screen, Wizard,
};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{calls::Calls, parts, screens, store::Store, texts, theme};

/// The window of one machine.
pub struct Window {
    wizard: Wizard,
    calls: Calls,
    store: Store,
    is_started: bool,
    /// What had the focus last: a screen, and the fields that are at fault on it.
    focused: Option<(Screen, Vec<Field>)>,
}

impl Window {
    /// A window of the machine that remembers `kept`, whose calls go over `client`. `server` is what
    /// messages call the service.
    #[must_use]
    pub fn new(client: Client, server: &str, kept: Kept, store: Store, language: Language) -> Self {
        let wizard = Wizard::new(kept, language, server, new_id);
        Self { wizard, calls: Calls::new(client), store, is_started: false, focused: None }
    }

    /// Where the person is.
    #[must_use]
    pub fn wizard(&self) -> &Wizard {
        &self.wizard
    }

    /// Takes what has happened, and draws the window.
    pub fn ui(&mut self, ui: &mut Ui) {
        if !self.is_started {
            self.is_started = true;
            let call = self.wizard.start();
            self.follow(ui, call);
        }
        while let Some((id, answer)) = self.calls.take() {
            self.answered(ui, id, answer);
        }
        self.mind_closing(ui);
        parts::drop_letters_with_alt(ui);

        let full = ui.max_rect();
        let header = Rect::from_min_size(full.min, Vec2::new(full.width(), theme::HEADER_HEIGHT));
        let top = full.bottom() - theme::FOOTER_HEIGHT;
        let footer = full.with_min_y(top);
        let body = Rect::from_min_max(header.left_bottom(), footer.right_top());
        // In the order of the Tab key: the buttons come last.
        self.header(ui, header);
        let on_screen = self.body(ui, body);
        let on_footer = self.footer(ui, footer);
        let by_key = self.keys(ui);
        if let Some(action) = on_screen.or(on_footer).or(by_key) {
            self.act(ui, action);
        }
    }

    fn act(&mut self, ui: &Ui, action: Action) {
        let was_abandoning = *self.wizard.screen() == Screen::Abandon && action == Action::Submit;
        let call = self.wizard.act(action);
        self.follow(ui, call);
        if was_abandoning {
            // The changes are given up: nothing keeps the window open.
            self.wizard.act(Action::Back);
        }
        if self.wizard.wants_to_close() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        ui.ctx().request_repaint();
    }

    fn answered(&mut self, ui: &Ui, id: CallId, answer: Result<Answer, Error>) {
        let next = self.wizard.answered(id, answer, &moment());
        self.follow(ui, next);
    }

    /// Writes down where the wizard stands, then makes the call that it asks for.
    fn follow(&mut self, ui: &Ui, call: Option<Call>) {
        if self.wizard.take_unsaved()
            && let Err(error) = self.store.save(self.wizard.kept())
        {
            self.wizard.could_not_keep(&error.to_string());
        }
        if let Some(call) = call {
            self.calls.make(call, ui.ctx().clone());
        }
    }

    /// The system's own way to close a window loses no changes either.
    fn mind_closing(&mut self, ui: &Ui) {
        let asked = ui.input(|input| input.viewport().close_requested());
        if !asked || self.wizard.wants_to_close() || !self.wizard.has_changes() {
            return;
        }
        ui.ctx().send_viewport_cmd(egui::ViewportCommand::CancelClose);
        while !matches!(self.wizard.screen(), Screen::Account | Screen::Abandon) {
            let before = self.wizard.screen().clone();
            self.wizard.act(Action::Back);
            if *self.wizard.screen() == before && !self.wizard.is_waiting() {
                break;
            }
        }
        if *self.wizard.screen() == Screen::Account {
            self.wizard.act(Action::Back);
        }
    }

    fn header(&self, ui: &mut Ui, rect: Rect) {
        ui.painter().rect_filled(rect, 0.0, theme::ACCENT);
        let inner = rect.shrink2(Vec2::new(theme::MARGIN, 0.0));
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
            let title = self.wizard.screen().title(self.wizard.language());
            ui.label(RichText::new(title).heading().color(egui::Color32::WHITE));
        });
    }

    fn body(&mut self, ui: &mut Ui, rect: Rect) -> Option<Action> {
        ui.painter().rect_filled(rect, 0.0, theme::BACKGROUND);
        let focus = self.focus();
        let moment = moment();
        let wizard = &mut self.wizard;
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect));
        child.set_clip_rect(rect);
        let screen = wizard.screen().clone();
        ScrollArea::vertical()
            .id_salt(format!("{screen:?}"))
            .auto_shrink([false, false])
            .show(&mut child, |ui| {
                Frame::new()
                    .inner_margin(Margin::symmetric(20, 16))
                    .show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        let again = parts::banners(ui, wizard);
                        let chosen = screens::show(ui, wizard, focus, &moment);
                        again.or(chosen)
                    })
                    .inner
            })
            .inner
    }

    /// The field to type in next: when a screen comes into sight its first one, when fields are at
    /// fault the first of these.
    fn focus(&mut self) -> Option<Field> {
        let screen = self.wizard.screen().clone();
        if screen == Screen::Account && self.wizard.account().is_none() {
            // Its fields are still to come.
            return None;
        }
        let mut fields = screen.fields().iter().copied();
        let at_fault: Vec<Field> =
            fields.clone().filter(|field| self.wizard.error_of(*field).is_some()).collect();
        let now = Some((screen.clone(), at_fault));
        if self.focused == now {
            return None;
        }
        let at_fault = now.as_ref().map(|(_, fields)| fields.as_slice()).unwrap_or_default();
        let is_new = self.focused.as_ref().is_none_or(|(before, _)| *before != screen);
        // A fault that was mended moves nobody.
        let has_more = self.focused.as_ref().is_none_or(|(_, before)| {
            is_new || at_fault.iter().any(|field| !before.contains(field))
        });
        let first = match at_fault.first() {
            Some(first) if has_more => Some(*first),
            None if is_new => {
                let is_empty = |field: &Field| self.wizard.value(*field).is_empty();
                fields
                    .clone()
                    .find(is_empty)
                    .filter(|_| screen != Screen::Account)
                    .or(fields.next())
            }
            _ => None,
        };
        self.focused = now;
        first
    }

    fn footer(&self, ui: &mut Ui, rect: Rect) -> Option<Action> {
        let language = self.wizard.language();
        ui.painter().rect_filled(rect, 0.0, egui::Color32::WHITE);
        let line = Stroke::new(1.0, theme::BORDER);
        ui.painter().hline(rect.x_range(), rect.top(), line);
        let inner = rect.shrink2(Vec2::new(theme::MARGIN, 8.0));
        let mut chosen = None;
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
            if let Some(text) = self.submit_text(language)
                && parts::primary_button(ui, text, !self.wizard.is_waiting())
            {
                chosen = Some(Action::Submit);
            }
            if parts::button(ui, self.back_text(language)) {
                chosen = Some(Action::Back);
            }
            if self.wizard.is_waiting() {
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(Spinner::new().size(18.0).color(theme::ACCENT));
                    ui.label(RichText::new(texts::waiting(language)).color(theme::WEAK));
                    if parts::button(ui, texts::cancel(language)) {
                        chosen = Some(Action::Cancel);
                    }
                });
            }
        });
        chosen
    }

    /// What the button that Enter presses is called here; none where the choice is elsewhere.
    fn submit_text(&self, language: Language) -> Option<&'static str> {
        match self.wizard.screen() {
            Screen::Choose => None,
            Screen::Account if self.wizard.account().is_none() => None,
            Screen::Detach => Some(texts::detach_now(language)),
            Screen::Abandon => Some(texts::abandon_now(language)),
            Screen::ApeCodes => Some(texts::search(language)),
            _ => Some(texts::submit(language)),
        }
    }

    fn back_text(&self, language: Language) -> &'static str {
        match self.wizard.screen() {
            Screen::Choose | Screen::Account => texts::close(language),
            Screen::Abandon => texts::stay(language),
            _ => texts::back(language),
        }
    }

    /// Escape goes back. Enter where no field and no button has the focus is "Valider".
    fn keys(&self, ui: &Ui) -> Option<Action> {
        if self.wizard.is_waiting() {
            // Turns the wheel, and no more often than the eye needs.
            ui.ctx().request_repaint_after(Duration::from_millis(50));
        }
        if parts::is_pressed(ui, Key::Escape) {
            return Some(Action::Back);
        }
        let has_focus = ui.memory(|memory| memory.focused().is_some());
        let may_submit = self.submit_text(self.wizard.language()).is_some();
        if may_submit && !has_focus && parts::is_pressed(ui, Key::Enter) {
            return Some(Action::Submit);
        }
        None
    }
}

/// A new UUID for one request, which keeps it when it is repeated.
#[expect(clippy::disallowed_methods, reason = "the window is a program of its own")]
fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// The time of this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the window is a program of its own")]
fn moment() -> Moment {
    Moment { now: jiff::Timestamp::now(), zone: TimeZone::system() }
}
