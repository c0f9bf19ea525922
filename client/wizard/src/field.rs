//! Everything that can be typed, under the names that people know.

use gestan_account_client::v1::Account;

use crate::Language;

/// A field of some screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// What this machine is called in the account's list.
    MachineName,
    /// The address of a new account.
    Email,
    /// The address or client ID whose password is forgotten.
    Recipient,
    /// The client ID of an account that exists.
    AccountId,
    /// The password of an account that exists, or a mailed code.
    Secret,
    /// A mailed code.
    Code,
    /// The password in force.
    CurrentPassword,
    /// The password to be.
    NewPassword,
    /// The same again.
    NewPasswordAgain,
    /// The password that a change asks for, or a mailed code.
    Password,
    /// What a country is looked for by.
    CountryQuery,
    /// What an activity code is looked for by.
    ApeQuery,
    /// Of the form, as all that follow.
    CompanyName,
    /// Of the person to turn to.
    LastName,
    /// Of the person to turn to.
    FirstName,
    /// Street, on one line or more.
    Address,
    /// Five digits in France.
    PostalCode,
    /// The town.
    City,
    /// A code of three letters.
    Country,
    /// The account's own address.
    AccountEmail,
    /// As it is printed on a letter.
    Phone,
    /// The code of the activity.
    ApeCode,
}

impl Field {
    /// The fields of the form that can be changed, in its order; above them stands the client ID.
    pub const FORM: [Self; 10] = [
        Self::CompanyName,
        Self::LastName,
        Self::FirstName,
        Self::Address,
        Self::PostalCode,
        Self::City,
        Self::Country,
        Self::AccountEmail,
        Self::Phone,
        Self::ApeCode,
    ];

    /// Whether nobody may look over the person's shoulder.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Secret
                | Self::Code
                | Self::CurrentPassword
                | Self::NewPassword
                | Self::NewPasswordAgain
                | Self::Password
        )
    }

    /// What the form calls it.
    #[must_use]
    pub fn label(self, language: Language) -> &'static str {
        self.words(language).0
    }

    /// A line of help.
    #[must_use]
    pub fn help(self, language: Language) -> &'static str {
        self.words(language).1
    }

    fn words(self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::French => self.french(),
            Language::English => self.english(),
        }
    }

    fn french(self) -> (&'static str, &'static str) {
        match self {
            Self::MachineName => {
                ("Nom de ce poste", "Il figure dans la liste des postes du compte.")
            }
            Self::Email => ("Adresse de courriel", "Un code personnel y sera envoyé."),
            Self::Recipient => (
                "Adresse de courriel ou ID client",
                "Un code personnel sera envoyé à l’adresse du compte.",
            ),
            Self::AccountId => ("ID client", "Le numéro qui figure sur la fiche du compte."),
            Self::Secret => {
                ("Mot de passe ou code personnel", "Le mot de passe, ou un code reçu par courriel.")
            }
            Self::Code => ("Code personnel", "Le code du courriel, XXXX-XXXX-XXXX."),
            Self::CurrentPassword => ("Mot de passe actuel", "Celui du compte client."),
            Self::NewPassword => (
                "Nouveau mot de passe",
                "Au moins 10 caractères\u{a0}: quelques mots sans lien entre eux suffisent.",
            ),
            Self::NewPasswordAgain => ("Encore une fois", "Le même mot de passe."),
            Self::Password => ("Mot de passe", "Ou un code personnel reçu par courriel."),
            Self::CountryQuery => ("Chercher un pays", "Le début d’un mot\u{a0}: belg…"),
            Self::ApeQuery => {
                ("Métier, ou début du code", "Par exemple boulanger, plombier, ou 47.")
            }
            Self::CompanyName => ("Raison sociale", "Le nom de l’entreprise."),
            Self::LastName => ("Nom", "Le nom de la personne à contacter."),
            Self::FirstName => ("Prénom", "Le prénom de la personne à contacter."),
            Self::Address => ("Adresse", "Numéro et rue, sur une ligne ou plusieurs."),
            Self::PostalCode => ("Code postal", "Cinq chiffres pour la France."),
            Self::City => ("Ville", "La ville."),
            Self::Country => ("Pays", "Le code en trois lettres\u{a0}: FRA."),
            Self::AccountEmail => {
                ("Courriel", "Un code sera envoyé à la nouvelle adresse pour la confirmer.")
            }
            Self::Phone => ("Tél", "Par exemple 01-58-90-49-77, ou +32… pour l’étranger."),
            Self::ApeCode => ("APE", "Le code de l’activité, par exemple 1107B."),
        }
    }

    fn english(self) -> (&'static str, &'static str) {
        match self {
            Self::MachineName => {
                ("Name of this machine", "The account’s list of machines shows it.")
            }
            Self::Email => ("E-mail address", "A personal code will be mailed to it."),
            Self::Recipient => (
                "E-mail address or client ID",
                "A personal code will be mailed to the account’s address.",
            ),
            Self::AccountId => ("Client ID", "The number on the account’s form."),
            Self::Secret => ("Password or personal code", "The password, or a mailed code."),
            Self::Code => ("Personal code", "The code of the mail, XXXX-XXXX-XXXX."),
            Self::CurrentPassword => ("Current password", "That of the client account."),
            Self::NewPassword => {
                ("New password", "At least 10 characters: a few unrelated words will do.")
            }
            Self::NewPasswordAgain => ("Once more", "The same password."),
            Self::Password => ("Password", "Or a personal code that was mailed."),
            Self::CountryQuery => ("Look for a country", "The beginning of a word: belg…"),
            Self::ApeQuery => {
                ("Trade, or beginning of the code", "For example boulanger, plombier, or 47.")
            }
            Self::CompanyName => ("Company name", "The name of the company."),
            Self::LastName => ("Last name", "The last name of the person to turn to."),
            Self::FirstName => ("First name", "The first name of the person to turn to."),
            Self::Address => ("Address", "Number and street, on one line or more."),
            Self::PostalCode => ("Postal code", "Five digits in France."),
            Self::City => ("Town", "The town."),
            Self::Country => ("Country", "The code of three letters: FRA."),
            Self::AccountEmail => {
                ("E-mail", "A code will be mailed to the new address to confirm it.")
            }
            Self::Phone => ("Telephone", "For example 01-58-90-49-77, or +32… abroad."),
            Self::ApeCode => ("APE", "The code of the activity, for example 1107B."),
        }
    }

    /// The path of a field of the form, as masks and violations name it.
    #[must_use]
    pub fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::CompanyName => "company_name",
            Self::LastName => "last_name",
            Self::FirstName => "first_name",
            Self::Address => "address",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Country => "country_code",
            Self::AccountEmail => "email",
            Self::Phone => "phone",
            Self::ApeCode => "ape_code",
            _ => return None,
        })
    }

    /// The field of the form in an account; none for a field of another screen.
    pub(crate) fn of(self, account: &Account) -> Option<&String> {
        Some(match self {
            Self::CompanyName => &account.company_name,
            Self::LastName => &account.last_name,
            Self::FirstName => &account.first_name,
            Self::Address => &account.address,
            Self::PostalCode => &account.postal_code,
            Self::City => &account.city,
            Self::Country => &account.country_code,
            Self::AccountEmail => &account.email,
            Self::Phone => &account.phone,
            Self::ApeCode => &account.ape_code,
            _ => return None,
        })
    }

    /// The same, to be written.
    pub(crate) fn of_mut(self, account: &mut Account) -> Option<&mut String> {
        Some(match self {
            Self::CompanyName => &mut account.company_name,
            Self::LastName => &mut account.last_name,
            Self::FirstName => &mut account.first_name,
            Self::Address => &mut account.address,
            Self::PostalCode => &mut account.postal_code,
            Self::City => &mut account.city,
            Self::Country => &mut account.country_code,
            Self::AccountEmail => &mut account.email,
            Self::Phone => &mut account.phone,
            Self::ApeCode => &mut account.ape_code,
            _ => return None,
        })
    }

    /// The field that a violation of a request names, by its path there.
    pub(crate) fn named(path: &str) -> Option<Self> {
        if let Some(name) = path.strip_prefix("account.") {
            return Self::FORM.into_iter().find(|field| field.path() == Some(name));
        }
        Some(match path {
            "account_id" => Self::AccountId,
            "code" => Self::Code,
            "current_password" => Self::CurrentPassword,
            "email" => Self::Email,
            "machine.name" => Self::MachineName,
            "new_password" => Self::NewPassword,
            "password" => Self::Password,
            "query" => Self::ApeQuery,
            "secret" => Self::Secret,
            _ => return None,
        })
    }
}
