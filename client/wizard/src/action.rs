//! What a person can choose, by a button, a key, or a line of a menu.

/// One choice. One that the screen does not offer does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// "Créer un nouveau compte".
    Create,
    /// "Enregistrer un compte existant".
    RegisterExisting,
    /// "Code oublié".
    Forgotten,
    /// Goes on with the wizard that was left half-way.
    Resume,
    /// "Valider": sends what the screen has.
    Submit,
    /// Goes back one screen; stops waiting first. From the first screen it closes the window.
    Back,
    /// Stops waiting for the call under way.
    Cancel,
    /// Makes the call again that nobody answered.
    Again,
    /// Has the mail of the open wizard sent once more.
    SendAgain,
    /// Gives up the open wizard.
    GiveUp,
    /// Button (2): detaches this machine.
    Detach,
    /// Detaches another machine, by its ID.
    DetachMachine(String),
    /// Button (3): has a personal code mailed.
    MailCode,
    /// Changes the password, which is known.
    ChangePassword,
    /// Gives this machine another name.
    Rename,
    /// Takes back a change of address that waits for its code.
    KeepAddress,
    /// The search beside the country.
    SearchCountry,
    /// Takes a country of the list, by its code.
    PickCountry(String),
    /// The search beside the activity.
    SearchApe,
    /// Shows more activities.
    MoreApe,
    /// Takes an activity of the list, by its code.
    PickApe(String),
}
