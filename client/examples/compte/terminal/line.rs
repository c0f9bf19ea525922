//! A line that is typed, with the keys of a shell: Ctrl-U deletes up to the cursor, Ctrl-W the word
//! before it. Escape, Ctrl-C and Ctrl-D are one answer: `None`.
//!
//! What is chosen from a list is inquire's, which has no such keys: there Ctrl-U types a "u", also
//! into a password that nobody sees.

use std::{
    borrow::Cow,
    io::{IsTerminal as _, stdin, stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Result, bail};
use rustyline::{
    Cmd, ColorMode, ConditionalEventHandler, Config, Context, Editor, Event, EventContext,
    EventHandler, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
    completion::Completer,
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::{Hint, Hinter},
    history::MemHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use unicode_width::UnicodeWidthStr as _;

/// How long after an Escape the rest of a key's sequence may come, in milliseconds.
const ESCAPE_MILLIS: u16 = 50;

/// A question, and what is made of its answer.
pub(super) struct Question<'a> {
    pub(super) message: &'a str,
    /// Stands below the question while it is answered.
    pub(super) help: &'a str,
    pub(super) initial: &'a str,
    pub(super) is_secret: bool,
    /// Why an answer does not serve.
    pub(super) check: &'a dyn Fn(&str) -> Result<(), &'static str>,
}

impl Question<'_> {
    /// What was typed; `None` for a way back.
    pub(super) fn ask(&self) -> Result<Option<String>> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            bail!("ce programme pose des questions : il faut un terminal");
        }
        let (masked, left) = (Flag::new(self.is_secret), Flag::default());
        let config = Config::builder()
            // A mask is a matter of colour to the library, which not every terminal has.
            .color_mode(ColorMode::Forced)
            .keyseq_timeout(Some(ESCAPE_MILLIS))
            .build();
        // A new one each time: what was deleted from a password could be put into the next line.
        let mut editor = Editor::with_history(config, MemHistory::new())?;
        editor.set_helper(Some(Face {
            question: self,
            masked: masked.clone(),
            left: left.clone(),
        }));
        let leave = |key| (key, EventHandler::Conditional(Box::new(Leave(left.clone()))));
        let nothing = |key| (key, EventHandler::Simple(Cmd::Noop));
        let toggle = if self.is_secret {
            (KeyEvent::ctrl('R'), EventHandler::Conditional(Box::new(Toggle(masked))))
        } else {
            nothing(KeyEvent::ctrl('R'))
        };
        for (key, handler) in [
            leave(KeyEvent(KeyCode::Esc, Modifiers::NONE)),
            leave(KeyEvent::ctrl('C')),
            leave(KeyEvent::ctrl('D')),
            nothing(KeyEvent(KeyCode::Tab, Modifiers::NONE)),
            toggle,
        ] {
            editor.bind_sequence(key, handler);
        }
        let prompt = format!("? {} ", self.message);
        let coloured = format!("\x1b[32m?\x1b[m {} ", self.message);
        match editor.readline_with_initial(&(prompt, coloured), (self.initial, "")) {
            Ok(_) if left.is_set() => Ok(None),
            // What is pasted may have line breaks.
            Ok(line) => Ok(Some(line.replace(['\r', '\n'], " "))),
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a key has changed.
#[derive(Clone, Default)]
struct Flag(Arc<AtomicBool>);

impl Flag {
    fn new(set: bool) -> Self {
        Self(Arc::new(AtomicBool::new(set)))
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends a question without an answer, as an answer ends it: with nothing left behind the line.
/// Ctrl-D does so on an empty line; on others it deletes what is under the cursor.
struct Leave(Flag);

impl ConditionalEventHandler for Leave {
    fn handle(&self, key: &Event, _: RepeatCount, _: bool, line: &EventContext<'_>) -> Option<Cmd> {
        if *key == Event::from(KeyEvent::ctrl('D')) && !line.line().is_empty() {
            return None;
        }
        self.0.0.store(true, Ordering::Relaxed);
        Some(Cmd::AcceptLine)
    }
}

/// Shows a secret, or hides it again.
struct Toggle(Flag);

impl ConditionalEventHandler for Toggle {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.0.fetch_not(Ordering::Relaxed);
        Some(Cmd::Repaint)
    }
}

/// How a question looks while it is answered.
struct Face<'a> {
    question: &'a Question<'a>,
    masked: Flag,
    left: Flag,
}

/// A help is no beginning of an answer.
struct Help(String);

impl Hint for Help {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Face<'_> {
    type Hint = Help;

    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<Help> {
        let is_shown = !self.left.is_set() && !self.question.help.is_empty();
        is_shown.then(|| Help(format!("\n[{}]", self.question.help)))
    }
}

impl Highlighter for Face<'_> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.masked.is_set() { "*".repeat(line.width()).into() } else { line.into() }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\x1b[36m{hint}\x1b[m").into()
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.question.is_secret
    }
}

impl Validator for Face<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if self.left.is_set() {
            return Ok(ValidationResult::Valid(None));
        }
        Ok(match (self.question.check)(context.input()) {
            Ok(()) => ValidationResult::Valid(None),
            Err(why) => ValidationResult::Invalid(Some(format!("\n  ✗ {why}"))),
        })
    }
}

impl Completer for Face<'_> {
    type Candidate = String;
}

impl Helper for Face<'_> {}
