//! The screens, and what each has to be typed.

use crate::{Field, Language};

/// What is in sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// This machine belongs to no account: open one, or join one.
    Choose,
    /// The address of a new account.
    Create,
    /// The account whose password is forgotten.
    Forgotten,
    /// ID and secret of an account that exists.
    Existing,
    /// The code that the mail brought.
    Code,
    /// The password that the code gives the right to choose.
    Password,
    /// The form.
    Account,
    /// The password for a change.
    Prove(Proof),
    /// Whether this machine is to be detached.
    Detach,
    /// Another name of this machine.
    Rename,
    /// A new password for the one in force.
    ChangePassword,
    /// The countries.
    Countries,
    /// The activities.
    ApeCodes,
    /// Whether changes of the form are to be given up.
    Abandon,
}

/// What the password is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The changes of the form.
    Update,
    /// The address in place is to stay.
    KeepAddress,
    /// Another machine is to be detached.
    DetachMachine {
        /// Its ID.
        id: String,
        /// Its name.
        name: String,
    },
}

impl Screen {
    /// The fields of the screen, in the order in which they are typed.
    #[must_use]
    pub fn fields(&self) -> &'static [Field] {
        match self {
            Self::Choose | Self::Detach | Self::Abandon => &[],
            Self::Create => &[Field::Email, Field::MachineName],
            Self::Forgotten => &[Field::Recipient],
            Self::Existing => &[Field::AccountId, Field::Secret, Field::MachineName],
            Self::Code => &[Field::Code],
            Self::Password => &[Field::NewPassword, Field::NewPasswordAgain],
            Self::Account => &Field::FORM,
            Self::Prove(_) => &[Field::Password],
            Self::Rename => &[Field::MachineName, Field::Password],
            Self::ChangePassword => {
                &[Field::CurrentPassword, Field::NewPassword, Field::NewPasswordAgain]
            }
            Self::Countries => &[Field::CountryQuery],
            Self::ApeCodes => &[Field::ApeQuery],
        }
    }

    /// The field that a refusal of the secret is about, where the screen asks for nothing else.
    pub(crate) fn secret(&self) -> Option<Field> {
        match self {
            Self::Code => Some(Field::Code),
            Self::Prove(_) | Self::Rename => Some(Field::Password),
            Self::ChangePassword => Some(Field::CurrentPassword),
            _ => None,
        }
    }

    /// What stands above the screen.
    #[must_use]
    pub fn title(&self, language: Language) -> &'static str {
        let (french, english) = match self {
            Self::Choose => ("Enregistrer un compte Gestan", "Register a Gestan account"),
            Self::Create => ("Créer un nouveau compte", "Open a new account"),
            Self::Forgotten => ("Code oublié", "Forgotten code"),
            Self::Existing => ("Enregistrer un compte existant", "Register an existing account"),
            Self::Code => ("Confirmer", "Confirm"),
            Self::Password => ("Choisir le mot de passe", "Choose the password"),
            Self::Account => ("Compte client", "Client account"),
            Self::Prove(Proof::Update) => ("Valider les modifications", "Apply the changes"),
            Self::Prove(Proof::KeepAddress) => {
                ("Garder l’ancienne adresse", "Keep the old address")
            }
            Self::Prove(Proof::DetachMachine { .. }) => {
                ("Détacher un autre poste", "Detach another machine")
            }
            Self::Detach => ("Détacher ce poste", "Detach this machine"),
            Self::Rename => ("Renommer ce poste", "Rename this machine"),
            Self::ChangePassword => ("Changer le mot de passe", "Change the password"),
            Self::Countries => ("Pays", "Country"),
            Self::ApeCodes => ("Activité (APE)", "Activity (APE)"),
            Self::Abandon => ("Abandonner les modifications\u{a0}?", "Discard the changes?"),
        };
        language.pick(french, english)
    }
}
