//! The APE code: a French company's main activity, by the nomenclature NAF.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use super::{paste, text::Line, violation::Problem};

/// `code,label_fr`, one sub-class of NAF rév. 2 a line.
const NAF_REV2: &str = include_str!("../../data/naf_rev2.csv");

static REV2_CODES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    NAF_REV2.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0)).collect()
});

/// Final letters of NAF 2025; rév. 2 has Z and A to F, so no code is in both.
const NAF_2025_LETTERS: &[u8] = b"YGHJKL";

/// Which edition of the NAF a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum NafVersion {
    /// NAF rév. 2, INSEE 2008.
    Rev2,
    /// NAF 2025 (décret 2025-736), in force from 2027-01-01.
    Naf2025,
}

impl NafVersion {
    /// The edition as the table of accounts holds it.
    #[must_use]
    pub(crate) fn to_db(self) -> &'static str {
        match self {
            Self::Rev2 => "rev2",
            Self::Naf2025 => "2025",
        }
    }

    /// What the database holds.
    #[must_use]
    pub(crate) fn from_db(version: &str) -> Self {
        if version == "2025" { Self::Naf2025 } else { Self::Rev2 }
    }
}

// A challenge holds the edition as the answer to "NAF 2025?". It stays so: while a new
// version is rolled out, the one before reads what the new one writes.
impl From<bool> for NafVersion {
    fn from(is_2025: bool) -> Self {
        if is_2025 { Self::Naf2025 } else { Self::Rev2 }
    }
}

impl From<NafVersion> for bool {
    fn from(version: NafVersion) -> Self {
        version == NafVersion::Naf2025
    }
}

/// A well-formed APE code such as `1107B`; may be empty. Invariant: typed in France
/// it is a code of the NAF and its version is known; elsewhere it is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApeCode {
    #[serde(rename = "ape_code")]
    code: String,
    #[serde(rename = "ape_naf_2025")]
    version: Option<NafVersion>,
}

impl ApeCode {
    /// What people type is at most this many characters long.
    pub const MAX_CHARS: usize = 16;

    /// Drops dots, dashes, spaces and case of `text`, and what is invisible, then checks it
    /// for France.
    ///
    /// # Errors
    /// [`Problem::UnknownApeCode`], or what [`Line::parse`] finds.
    pub fn parse_french(text: &str, nomenclature: &Nomenclature) -> Result<Self, Problem> {
        let code =
            paste::compact(line(text)?.as_str()).replace(['.', '-'], "").to_ascii_uppercase();
        if code.is_empty() {
            return Ok(Self::default());
        }
        let version = nomenclature.version_of(&code).ok_or(Problem::UnknownApeCode)?;
        Ok(Self { code, version: Some(version) })
    }

    /// A foreign activity code: kept as it is, without what is invisible.
    ///
    /// # Errors
    /// What [`Line::parse`] finds.
    pub fn parse_foreign(text: &str) -> Result<Self, Problem> {
        Ok(Self { code: line(text)?.as_str().to_owned(), version: None })
    }

    /// The code, `1107B`, or an empty text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.code
    }

    /// The edition, for a French code.
    #[must_use]
    pub fn version(&self) -> Option<NafVersion> {
        self.version
    }

    /// What the database holds, parsed when it was written.
    #[must_use]
    pub(crate) fn from_db(code: String, version: Option<NafVersion>) -> Self {
        Self { code, version }
    }
}

/// A code of the NAF and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityCode {
    /// The code, `1107B`.
    pub code: String,
    /// Its label, in French; empty where a list has none.
    pub label: String,
    /// The edition that it is of.
    pub version: NafVersion,
}

impl ActivityCode {
    /// The longest label, in characters; those of rév. 2 have at most 135.
    pub const MAX_LABEL_CHARS: usize = 250;

    /// The code as it is printed, `11.07B`.
    #[must_use]
    pub fn printed(&self) -> String {
        let (division, rest) = self.code.split_at_checked(2).unwrap_or((&self.code, ""));
        format!("{division}.{rest}")
    }
}

/// The codes that are valid in France.
#[derive(Clone, Debug, Default)]
pub struct Nomenclature {
    naf_2025: Option<BTreeMap<String, String>>,
}

impl Nomenclature {
    /// Checks NAF 2025 by a list instead of by shape. `list` has one code a
    /// line, perhaps followed by a comma or a semicolon and a label.
    #[must_use]
    pub fn with_naf_2025(list: &str) -> Self {
        let codes = list.lines().filter_map(|line| {
            let (code, label) = line.split_once([',', ';']).unwrap_or((line, ""));
            let code = code.trim().replace('.', "").to_ascii_uppercase();
            has_naf_2025_shape(&code).then(|| (code, label_of(label)))
        });
        Self { naf_2025: Some(codes.collect()) }
    }

    /// How many codes the list of NAF 2025 holds; `None` without a list.
    #[must_use]
    pub fn naf_2025_len(&self) -> Option<usize> {
        self.naf_2025.as_ref().map(BTreeMap::len)
    }

    /// The codes of NAF rév. 2.
    pub fn rev2() -> impl Iterator<Item = ActivityCode> {
        NAF_REV2.lines().skip(1).filter_map(|line| {
            let (code, label) = line.split_once(',')?;
            let (code, label) = (code.to_owned(), label_of(label));
            Some(ActivityCode { code, label, version: NafVersion::Rev2 })
        })
    }

    /// The codes of NAF 2025 that the list holds; none without one.
    pub fn naf_2025(&self) -> impl Iterator<Item = ActivityCode> {
        self.naf_2025.iter().flatten().map(|(code, label)| ActivityCode {
            code: code.clone(),
            label: label.clone(),
            version: NafVersion::Naf2025,
        })
    }

    fn version_of(&self, code: &str) -> Option<NafVersion> {
        if REV2_CODES.contains(code) {
            return Some(NafVersion::Rev2);
        }
        let known = match &self.naf_2025 {
            Some(codes) => codes.contains_key(code),
            None => has_naf_2025_shape(code),
        };
        known.then_some(NafVersion::Naf2025)
    }
}

/// A label as a line of CSV has it: quoted if it has commas, its own quotes doubled. What
/// cannot be read of it, or is longer than a label, is left out: the list is for checking
/// codes, too, and that must go on.
fn label_of(field: &str) -> String {
    let field = field.trim();
    let quoted = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.map_or_else(|| field.to_owned(), |text| text.replace("\"\"", "\""));
    let label = Line::<{ ActivityCode::MAX_LABEL_CHARS }>::parse(&paste::visible(&text));
    label.map(|label| label.as_str().to_owned()).unwrap_or_default()
}

fn line(text: &str) -> Result<Line<{ ApeCode::MAX_CHARS }>, Problem> {
    Line::parse(&paste::visible(text))
}

fn has_naf_2025_shape(code: &str) -> bool {
    match code.as_bytes() {
        [digits @ .., letter] if digits.len() == 4 => {
            digits.iter().all(u8::is_ascii_digit) && NAF_2025_LETTERS.contains(letter)
        }
        _ => false,
    }
}
