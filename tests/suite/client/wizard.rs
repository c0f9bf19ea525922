//! The client's example, as a shopkeeper uses it: in a terminal, against the
//! real server.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, thread};

use gestan_account_tests::{
    charge, desk_at, grant,
    process::{Home, ServerProcess, TIMEOUT, code_to, compte_program, run_to_end},
};
use rexpect::session::{Options, PtySession, spawn_with_options};

const EMAIL: &str = "jeanne@exemple.fr";
const PASSWORD: &str = "quatre bateaux verts dansent";
const ENTER: &str = "\r";
/// Ctrl-U and Ctrl-W.
const DELETE_LINE: &str = "\x15";
const DELETE_WORD: &str = "\x17";
const DOWN: &str = "\x1b[B";

/// A run of the example in a terminal.
struct Terminal(PtySession);

impl Terminal {
    fn open(url: &str, store: &Path) -> Self {
        Self::open_with(url, store, true)
    }

    fn open_with(url: &str, store: &Path, strip_ansi_escape_codes: bool) -> Self {
        // A shell sets the size that terminals have when nobody enlarges them.
        let mut command = Command::new("sh");
        command.args(["-c", "stty rows 24 cols 80 && exec \"$0\" \"$@\""]).arg(compte_program());
        command.args(["--server", url, "--store"]).arg(store).env("TERM", "xterm");
        let timeout_ms = u64::try_from(TIMEOUT.as_millis()).expect("a minute");
        let options = Options::new()
            .timeout_ms(Some(timeout_ms))
            .strip_ansi_escape_codes(strip_ansi_escape_codes);
        Self(spawn_with_options(command, options).expect("the example starts"))
    }

    /// Waits until the screen says `text`; gives what it said before.
    fn reads(&mut self, text: &str) -> String {
        // The terminal is read byte by byte, each taken as a character.
        let bytes: String = text.bytes().map(char::from).collect();
        self.0.exp_string(&bytes).unwrap_or_else(|error| panic!("no {text:?}: {error}"))
    }

    fn presses(&mut self, keys: &str) {
        self.0.send(keys).expect("the keys are sent");
        self.0.flush().expect("the keys are sent");
    }

    /// Answers `question`.
    fn answers(&mut self, question: &str, text: &str) {
        self.reads(question);
        self.presses(text);
        self.presses(ENTER);
    }

    /// Goes down to a line of a menu.
    fn chooses(&mut self, question: &str, lines_down: usize) {
        self.reads(question);
        self.presses(&DOWN.repeat(lines_down));
        self.presses(ENTER);
    }

    fn ends(mut self) {
        self.reads("Au revoir.");
        self.0.exp_eof().expect("the example ends");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shopkeeper_opens_changes_joins_and_leaves_an_account() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let url = server.url();
    let mails = home.mail_folder();
    let create = ["support-key", "create", "Luc", "--role", "admin"];
    let key = run_to_end(home.command().args(create)).await.printed.trim().to_owned();
    let handle = tokio::runtime::Handle::current();
    let (desk, address) = (handle.clone(), server.address);
    let helps = move |account_id: u32| {
        desk.block_on(async {
            let mut desk = desk_at(address, Some(&key), None).await;
            desk.grant_time(grant(account_id, 90)).await.expect("time is bought");
            desk.charge_time(charge(account_id, 25)).await.expect("and used");
        });
    };
    let code = move |address: &'static str| {
        let mails = mails.clone();
        handle.block_on(async move { code_to(&mails, address).await })
    };
    let stores = home.path().to_owned();
    // A terminal is read by waiting for it, which is nothing for the runtime's threads.
    let walk = thread::spawn(move || walk(&url, &stores, &code, &helps));
    let walked = tokio::task::spawn_blocking(|| walk.join()).await.expect("it is waited for");
    if let Err(panic) = walked {
        std::panic::resume_unwind(panic);
    }
}

fn walk(url: &str, stores: &Path, code: &dyn Fn(&'static str) -> String, helps: &dyn Fn(u32)) {
    let first_store = stores.join("premier/compte.json");
    let account_id = open_account(url, &first_store, code);
    change_the_town(url, &first_store, &account_id);
    look_for_a_country_and_an_activity(url, &first_store);
    change_the_address_and_take_it_back(url, &first_store);
    rename(url, &first_store);
    interrupt(url, &first_store);
    leave_a_question(url, &first_store);
    join_and_leave(url, &stores.join("second.json"), &account_id);

    // The first machine is linked as before, and tells what the desk did meanwhile.
    helps(account_id.parse().expect("an ID"));
    let mut screen = Terminal::open(url, &first_store);
    screen.reads("Lille");
    screen.reads("Crédit-temps : 1 h 05");
    screen.reads("utilisé 0 h 25 (Export comptable)");
    screen.reads("acheté 1 h 30");
    screen.chooses("Que voulez-vous faire ?", 5);
    screen.ends();
    let mode = fs::metadata(&first_store).expect("the store").permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read the store: {mode:o}");
}

/// Opens an account; gives its ID, as the screen shows it.
fn open_account(url: &str, store: &Path, code: &dyn Fn(&'static str) -> String) -> String {
    let mut screen = Terminal::open(url, store);
    // The name of the host is there already.
    screen.answers("Nom de ce poste :", " caisse 1");
    screen.chooses("Que voulez-vous faire ?", 0);
    // What becomes of the data is told before anything is asked.
    screen.reads("Vos données personnelles");
    screen.reads("CNIL");
    screen.answers("Adresse de courriel :", "pas une adresse");
    screen.reads("Courriel :");
    screen.reads("Adresse de courriel :");
    screen.presses(&format!("{DELETE_LINE}{EMAIL} de trop{DELETE_WORD}{DELETE_WORD}"));
    screen.presses(ENTER);
    screen.reads("Un courriel part à l'adresse jeanne@exemple.fr");
    screen.reads("autre dans une minute.");
    screen.answers("Code personnel :", "0000-0000-0001");
    screen.reads("✗");
    screen.answers("Code personnel :", &code(EMAIL).to_lowercase());
    // What anybody guesses is refused before it is typed again,
    screen.answers("Nouveau mot de passe :", "bonjour123");
    screen.reads("Trop facile à deviner");
    screen.presses(DELETE_LINE);
    // and what only the service knows to be weak, afterwards.
    screen.presses("jeanne-exemple-fr");
    screen.presses(ENTER);
    screen.answers("Encore une fois :", "jeanne-exemple-fr");
    screen.reads("✗");
    screen.reads("Nouveau mot de passe :");
    screen.presses(PASSWORD);
    screen.presses(ENTER);
    screen.answers("Encore une fois :", PASSWORD);
    // The form follows, and what is to be read stands below it, by the menu.
    screen.reads(EMAIL);
    screen.reads("caisse 1 (ce poste)");
    screen.reads("ce poste est rattaché au compte");
    screen.reads("Votre ID client :");
    let id = screen.reads("\r\n").chars().filter(char::is_ascii_digit).collect::<String>();
    assert!(id.parse::<u32>().is_ok(), "{id:?} is no client ID");
    screen.chooses(&format!("Votre ID client : {id}. Que voulez-vous faire ?"), 5);
    screen.ends();
    id
}

/// Ctrl-C clears what the question had put behind the cursor.
fn interrupt(url: &str, store: &Path) {
    let mut screen = Terminal::open_with(url, store, false);
    screen.reads("pour revenir");
    screen.presses("\x03");
    screen.reads("\x1b[J\r\nAu revoir.");
    screen.0.exp_eof().expect("the example ends");
}

/// A question that is left by Ctrl-C, Escape or Ctrl-D keeps its line, without the help below it.
fn leave_a_question(url: &str, store: &Path) {
    let name = "caisse 1 rouge";
    // Ctrl-D does so when nothing is left to be deleted.
    let ctrl_d = format!("\x04{DELETE_LINE}\x04");
    for (keys, left) in [("\x03", name), ("\x1b", name), (&ctrl_d, "Nouveau nom de ce poste :")] {
        let mut screen = Terminal::open(url, store);
        screen.chooses("Que voulez-vous faire ?", 2);
        screen.reads("Nouveau nom de ce poste :");
        screen.reads("Échap pour revenir.]");
        screen.presses(keys);
        let shown = screen.reads("Que voulez-vous faire ?");
        let lines = shown.split('\n').map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.take_while(|line| *line != "Compte client").collect();
        assert!(lines.last().is_some_and(|line| line.ends_with(left)), "{shown:?}");
        screen.chooses("", 5);
        screen.ends();
    }
}

fn change_the_town(url: &str, store: &Path, account_id: &str) {
    let mut screen = Terminal::open(url, store);
    screen.reads("caisse 1 (ce poste)");
    screen.chooses("Que voulez-vous faire ?", 0);
    screen.chooses("Champ à modifier :", 5);
    screen.answers("Ville :", "Lille");
    // The cursor is still on the town: five lines down to "Valider".
    screen.chooses("Champ à modifier :", 5);
    screen.answers("Mot de passe :", "pas le bon mot de passe");
    screen.reads("✗");
    screen.chooses("Champ à modifier :", 5);
    screen.answers("Mot de passe :", PASSWORD);
    screen.reads("Lille");
    screen.reads("Postes rattachés");
    screen.reads("La fiche est à jour.");
    screen.chooses(&format!("Votre ID client : {account_id}. Que voulez-vous faire ?"), 5);
    screen.ends();
}

/// Beside the fields of codes that nobody knows by heart stand searches.
fn look_for_a_country_and_an_activity(url: &str, store: &Path) {
    let mut screen = Terminal::open(url, store);
    screen.chooses("Que voulez-vous faire ?", 0);
    screen.chooses("Champ à modifier :", 9);
    screen.answers("APE :", "métier qui n'existe pas");
    screen.reads("Aucun code ne correspond");
    screen.answers("Métier, ou début du code :", "fleuriste");
    screen.reads("Activité :");
    screen.reads("47.76Z");
    screen.presses(ENTER);
    // From the last field on, past the end of the menu, to the seventh.
    screen.chooses("Champ à modifier :", 9);
    screen.reads("Pays :");
    screen.presses(&"\x7f".repeat(3));
    screen.presses("belg");
    screen.presses(ENTER);
    screen.reads("Belgique (BEL)");
    screen.presses(ENTER);
    screen.chooses("Champ à modifier :", 4);
    screen.answers("Mot de passe :", PASSWORD);
    screen.reads("BEL");
    screen.reads("4776Z");
    screen.reads("La fiche est à jour.");
    screen.chooses("Que voulez-vous faire ?", 5);
    screen.ends();
}

fn change_the_address_and_take_it_back(url: &str, store: &Path) {
    let mut screen = Terminal::open(url, store);
    screen.chooses("Que voulez-vous faire ?", 0);
    screen.chooses("Champ à modifier :", 7);
    screen.reads("Courriel :");
    screen.presses(&"\x7f".repeat(40));
    screen.presses("durand@exemple.fr");
    screen.presses(ENTER);
    screen.chooses("Champ à modifier :", 3);
    screen.answers("Mot de passe :", PASSWORD);
    screen.answers("Code personnel :", "");
    // Back to the menu, which has two lines more now.
    screen.chooses("Que voulez-vous faire ?", 2);
    screen.reads("en attente de confirmation : durand@exemple.fr");
    screen.chooses("Que voulez-vous faire ?", 2);
    screen.reads("durand@exemple.fr ne remplacera pas jeanne@exemple.fr.");
    screen.answers("Mot de passe :", PASSWORD);
    let form = screen.reads("L'adresse du compte reste jeanne@exemple.fr.");
    let form = form.rsplit("Compte client").next().expect("the form");
    assert!(!form.contains("en attente"), "{form}");
    screen.chooses("Que voulez-vous faire ?", 5);
    screen.ends();
}

fn rename(url: &str, store: &Path) {
    let mut screen = Terminal::open(url, store);
    screen.chooses("Que voulez-vous faire ?", 2);
    screen.answers("Nouveau nom de ce poste :", &format!(" bleue{DELETE_WORD}rouge"));
    // What nobody sees is edited like what is seen.
    let secret = format!("faux{DELETE_LINE}{PASSWORD} faux{DELETE_WORD}\x7f");
    screen.answers("Mot de passe :", &secret);
    screen.reads("caisse 1 rouge (ce poste)");
    screen.reads("Ce poste s'appelle maintenant");
    screen.chooses("Que voulez-vous faire ?", 5);
    screen.ends();
}

fn join_and_leave(url: &str, store: &Path, account_id: &str) {
    let mut screen = Terminal::open(url, store);
    screen.answers("Nom de ce poste :", " réserve");
    screen.chooses("Que voulez-vous faire ?", 1);
    screen.answers("ID client :", account_id);
    screen.answers("Mot de passe ou code personnel :", PASSWORD);
    screen.reads("réserve (ce poste)");
    screen.reads("Ce poste est rattaché au compte.");
    // With another machine on the account there is one line more.
    screen.chooses("Que voulez-vous faire ?", 4);
    screen.answers("Détacher ce poste du compte ?", "oui");
    screen.reads("rattaché à aucun compte");
    screen.reads("Ce poste est détaché.");
    screen.chooses("Que voulez-vous faire ?", 3);
    screen.ends();
}
