//! What is wrong with a request: every bad field, all in one answer. The words for it
//! are in `grpc::texts`.

use super::weakness::Weakness;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It must be given.
    Required,
    /// It is longer than `max` characters (bytes, for an address).
    TooLong {
        /// The bound.
        max: usize,
    },
    /// It has not the form that is expected.
    Malformed(Expected),
    /// It holds a control character, or another one that nobody sees.
    ControlCharacter,
    /// Mail cannot be sent to it.
    InvalidEmail,
    /// No assigned ISO 3166-1 alpha-3 code.
    UnknownCountry,
    /// No code of the NAF.
    UnknownApeCode,
    /// No postal code of the country.
    InvalidPostalCode,
    /// No telephone number of the country.
    InvalidPhone,
    /// A password of too few characters.
    PasswordTooShort,
    /// A password that can be guessed.
    PasswordTooWeak(Weakness),
    /// A personal code whose check character does not fit.
    CodeMistyped,
    /// A field that cannot be written.
    ReadOnly {
        /// Its path.
        path: String,
    },
    /// A path that names no field.
    UnknownField {
        /// The path.
        path: String,
    },
    /// It excludes another field that is given, too.
    Conflict {
        /// The other field.
        with: &'static str,
    },
    /// It is what another field is, from which it must differ.
    Same {
        /// The other field.
        other: &'static str,
    },
    /// It is not what another field is, which it must repeat.
    Differs {
        /// The other field.
        from: &'static str,
    },
    /// It is what the account has already.
    AlreadyInPlace,
    /// The request ID was used for a different request.
    RequestIdReused,
    /// A number below zero, of what there cannot be less than none.
    Negative,
    /// A page token of another list, or none at all.
    OtherPage,
    /// A number outside its bounds.
    OutOfRange {
        /// The least.
        min: i32,
        /// The greatest.
        max: i32,
    },
    /// More minutes than there are left of what they are taken from.
    MoreThanLeft {
        /// How many there are.
        left: u32,
    },
    /// It would take a balance of time out of its bounds.
    BalanceOutOfRange,
    /// A time in the future, or too long ago.
    TimeOutOfRange {
        /// How many days ago it may be.
        max_days: i32,
    },
    /// A span of time that is empty, or too long.
    SpanOutOfRange {
        /// How many days it may have.
        max_days: i32,
    },
    /// A duration below zero, or longer than it may be.
    DurationOutOfRange {
        /// How many days it may have.
        max_days: i32,
    },
    /// A machine that is none of the account's.
    UnknownMachine,
}

/// A form that a field may be expected to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A UUID.
    Uuid,
    /// A language tag.
    Locale,
    /// A personal code.
    PersonalCode,
    /// A ticket.
    Ticket,
    /// A client ID.
    AccountId,
    /// The value of another field.
    SameAs(&'static str),
    /// A password that cannot be taken for a personal code.
    PasswordNotCode,
    /// A character that can be seen.
    SomethingVisible,
    /// Something to look for.
    LetterOrDigit,
    /// What a caller may call its request.
    RequestName,
    /// The number of an entry of the time ledger.
    EntryId,
    /// A kind of such an entry.
    TimeEntryKind,
    /// A point in time.
    Time,
    /// The name of a nomenclature of activities.
    Nomenclature,
}

/// A bad field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path as in the request, for example `profile.phone`.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The bad fields of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// One bad field.
    #[must_use]
    pub fn one(field: impl Into<String>, problem: Problem) -> Self {
        let mut violations = Self::default();
        violations.add(field, problem);
        violations
    }

    /// Notes a bad field.
    pub fn add(&mut self, field: impl Into<String>, problem: Problem) {
        self.0.push(Violation { field: field.into(), problem });
    }

    /// Keeps the value of a good field, notes a bad one.
    pub fn check<T>(&mut self, field: impl Into<String>, parsed: Result<T, Problem>) -> Option<T> {
        parsed.map_err(|problem| self.add(field, problem)).ok()
    }

    /// Takes the value of what was parsed by itself, or what was wrong with it.
    pub fn merge<T>(&mut self, parsed: Result<T, Self>) -> Option<T> {
        parsed.map_err(|others| self.0.extend(others.0)).ok()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bad fields, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}
