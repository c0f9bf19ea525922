//! The privacy notice in both languages: built in, or out of the operator's files. These are
//! read at the start, where a broken one ends it, and again when the operator says so, where
//! a broken one changes nothing.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use super::version;
use crate::domain::{locale::Locale, text::Lines, violation::Problem};

/// The longest text, in bytes of UTF-8.
pub const MAX_BYTES: usize = 16 * 1024;

const FRENCH: &str = include_str!("../../data/privacy_notice_fr.txt");
const ENGLISH: &str = include_str!("../../data/privacy_notice_en.txt");

/// Where the operator's texts are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeFiles {
    /// The French text. Without an English one it is given to everybody.
    pub french: Option<PathBuf>,
    /// The English text.
    pub english: Option<PathBuf>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// It cannot be read.
    #[error("cannot read the privacy notice {path}")]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is longer than a notice may be.
    #[error("the privacy notice {path} has more than 16 KiB")]
    TooLong {
        /// Its path.
        path: PathBuf,
    },
    /// It is no UTF-8.
    #[error("the privacy notice {path} is not written in UTF-8")]
    NotUtf8 {
        /// Its path.
        path: PathBuf,
    },
    /// There is nothing to read in it.
    #[error("the privacy notice {path} has no text")]
    Empty {
        /// Its path.
        path: PathBuf,
    },
    /// It holds something that is no text.
    #[error("the privacy notice {path} has a tabulator or another character that cannot be seen")]
    NotText {
        /// Its path.
        path: PathBuf,
    },
}

/// The notice. Clones share it, and what is read later.
#[derive(Clone, Debug)]
pub struct PrivacyNotice {
    files: NoticeFiles,
    texts: Arc<RwLock<Texts>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Texts {
    french: Text,
    english: Text,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    words: Arc<str>,
    version: String,
    is_built_in: bool,
}

impl Default for PrivacyNotice {
    fn default() -> Self {
        let french = Text::new(FRENCH.trim(), Locale::Fr, true);
        let english = Text::new(ENGLISH.trim(), Locale::En, true);
        let texts = Arc::new(RwLock::new(Texts { french, english }));
        Self { files: NoticeFiles::default(), texts }
    }
}

impl PrivacyNotice {
    /// Reads the files, if there are any.
    ///
    /// # Errors
    /// [`NoticeError`], of the first file that cannot be used.
    pub fn load(files: NoticeFiles) -> Result<Self, NoticeError> {
        let notice = Self { files, ..Self::default() };
        notice.reload()?;
        Ok(notice)
    }

    /// Whether there is anything to be read again.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.files != NoticeFiles::default()
    }

    /// Reads the files again; says whether a text has changed. Both are taken over or
    /// neither: two languages of two editions would contradict each other.
    ///
    /// # Errors
    /// [`NoticeError`], and the texts stay as they were.
    pub fn reload(&self) -> Result<bool, NoticeError> {
        let texts = self.read()?;
        let mut current = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = *current != texts;
        *current = texts;
        Ok(is_new)
    }

    /// Reads the files again, and tells the operator what came of it.
    pub fn look_again(&self) {
        match self.reload() {
            Ok(true) => {
                let (french, english) = (self.of(Locale::Fr).1, self.of(Locale::En).1);
                tracing::info!(french, english, "privacy notice read again");
            }
            Ok(false) => tracing::info!("privacy notice read again: it is what it was"),
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::error!(
                    error = format!("{error:#}"),
                    "privacy notice refused: the one before goes on to be shown"
                );
            }
        }
    }

    /// Says where the texts come from. That of this program names a declaration to the CNIL,
    /// of which there have been none since the GDPR.
    pub fn tell_source(&self) {
        let Texts { french, english } = self.texts();
        if self.has_files() {
            let (french, english) = (&*french.version, &*english.version);
            tracing::info!(french, english, "privacy notice read");
        }
        for (language, text) in [(Locale::Fr, french), (Locale::En, english)] {
            if !text.is_built_in {
                continue;
            }
            let (language, version) = (language.tag(), &*text.version);
            tracing::info!(
                language,
                version,
                "the built-in privacy notice is shown: name a file with the company's own by \
                 --privacy-notice-file"
            );
        }
    }

    /// The text in a language, and its version.
    #[must_use]
    pub fn of(&self, locale: Locale) -> (Arc<str>, String) {
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        let Text { words, version, .. } = match locale {
            Locale::Fr => &texts.french,
            Locale::En => &texts.english,
        };
        (Arc::clone(words), version.clone())
    }

    fn texts(&self) -> Texts {
        self.texts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read(&self) -> Result<Texts, NoticeError> {
        let built_in = Self::default().texts();
        let own = |path: &PathBuf, locale| Ok(Text::new(&read(path)?, locale, false));
        let french = self.files.french.as_ref().map(|path| own(path, Locale::Fr)).transpose()?;
        let english = self.files.english.as_ref().map(|path| own(path, Locale::En)).transpose()?;
        // Beside a text of the operator's, the built-in rendering of another one is wrong.
        let english = english.or_else(|| french.clone());
        Ok(Texts {
            french: french.unwrap_or(built_in.french),
            english: english.unwrap_or(built_in.english),
        })
    }
}

impl Text {
    fn new(text: &str, locale: Locale, is_built_in: bool) -> Self {
        let version = version::of([locale.tag(), text]);
        Self { words: text.into(), version, is_built_in }
    }
}

/// The text of a file, as far as one may be long: a device has no end.
fn read(path: &Path) -> Result<String, NoticeError> {
    let at = || path.to_owned();
    let unreadable = |source| NoticeError::Unreadable { path: at(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_BYTES {
        return Err(NoticeError::TooLong { path: at() });
    }
    let text = String::from_utf8(bytes).map_err(|_| NoticeError::NotUtf8 { path: at() })?;
    // Notepad puts a byte order mark before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = Lines::<MAX_BYTES>::parse(text).map_err(|problem| match problem {
        Problem::ControlCharacter => NoticeError::NotText { path: at() },
        Problem::TooLong { .. } => NoticeError::TooLong { path: at() },
        _ => NoticeError::Empty { path: at() },
    })?;
    match lines.as_str() {
        "" => Err(NoticeError::Empty { path: at() }),
        // A few letters become longer when they are normalised.
        text if text.len() > MAX_BYTES => Err(NoticeError::TooLong { path: at() }),
        text => Ok(text.to_owned()),
    }
}
