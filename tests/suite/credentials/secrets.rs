//! What must not be found: no address, name or secret in the log, however much
//! is logged; no secret in the bytes of the database.

mod evidence;

use gestan_account_client::{ClientOptions, FieldMask, v1};
use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, ChargeTimeRequest, CorrectTimeRequest, DiagnoseAccountRequest,
    EraseAccountRequest, ExportAccountRequest, FindAccountsRequest, GetAccountRequest,
    GrantTimeRequest, ListEventsRequest, ListRefusedRecipientsRequest, ListTimeEntriesRequest,
    MergeAccountsRequest, SendCodeRequest, StartEmailChangeRequest, UnlinkMachineRequest,
};
use gestan_account_tests::{
    Desk, PASSWORD, charge, correction, desk_at, grant, machine,
    process::{Home, ServerProcess, run_to_end},
    uuid,
};

use self::evidence::Evidence;

const EMAIL: &str = "Jeanne.Lachambre@exemple.fr";
const NEW_EMAIL: &str = "lachambre.compta@autre-exemple.fr";
const NEW_PASSWORD: &str = "douze girafes lisent sous la pluie";
const WRONG_PASSWORD: &str = "treize hiboux dorment au grenier";
const WRONG_CODE: &str = "0000-0000-0000";

#[tokio::test]
async fn neither_a_text_log_nor_the_database_tells_a_secret() {
    search_the_traces("text").await;
}

#[tokio::test]
async fn neither_a_json_log_nor_the_database_tells_a_secret() {
    search_the_traces("json").await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_makes_no_address_appear_in_the_log() {
    let home = Home::new();
    // Nobody listens on port 1.
    let mail_url = "smtp+starttls://relais:motdepassedurelais@127.0.0.1:1";
    let arguments = ["--log", "trace", "--mail-url", mail_url];
    let server = ServerProcess::start(&home, &arguments).await;
    server.connect(ClientOptions::new()).await.create(create()).await.expect("Create is answered");
    server.wait_for_log("mail not sent for now").await;
    server.terminate().await;
    let (_, log) = server.wait().await;
    let mut evidence = Evidence::default();
    evidence.add_personal("address", EMAIL);
    evidence.add_personal("a name", "Lachambre");
    evidence.add_secret("the relay's password", "motdepassedurelais");
    evidence.assert_not_logged(&log);
}

/// Goes through every call, with what fails, and looks at what is left behind.
async fn search_the_traces(format: &str) {
    let home = Home::migrated().await;
    let arguments = ["--log", "trace", "--log-format", format];
    let mut make_key = home.command();
    let key =
        run_to_end(make_key.args(["support-key", "create", "Noémie Vasseur", "--role", "admin"]))
            .await;
    let support_key = key.printed.trim().to_owned();
    let server = ServerProcess::start(&home, &arguments).await;
    let mut evidence = Evidence::default();
    for (kind, text) in [
        ("address", EMAIL),
        ("pending address", NEW_EMAIL),
        ("company", "Chocolaterie Quinquin"),
        ("last name", "Lachambre"),
        ("first name", "Jeannette"),
        ("street", "rue des Templiers"),
        ("town", "Wallers-en-Fagne"),
        ("phone", "01-58-90-49-77"),
        ("normalised phone", "+33158904977"),
        ("machine", "Poste du fond"),
        ("agent", "Vasseur"),
        ("an agent's reason", "vol au magasin"),
        ("what time was for", "paie de la confiseuse"),
        ("a company that was helped", "Confiserie Delmotte"),
    ] {
        evidence.add_personal(kind, text);
    }
    evidence.add_secret("password", PASSWORD);
    evidence.add_secret("new password", NEW_PASSWORD);
    evidence.add_secret("wrong password", WRONG_PASSWORD);
    evidence.add_secret("support key", &support_key);
    walk(&server, &support_key, &mut evidence).await;

    // A live server has fresh pages in the -wal, a killed one leaves them there.
    evidence.assert_not_stored(&home);
    server.wait_for_log("refused").await;
    let mut log = server.log();
    server.kill().await;
    evidence.assert_not_stored(&home);
    let server = ServerProcess::start(&home, &arguments).await;
    server.terminate().await;
    log.push_str(&server.wait().await.1);
    log.push_str(&key.log);
    evidence.assert_not_stored(&home);
    evidence.assert_not_logged(&log);
    // The search itself works: what may be there is found.
    assert!(log.contains("answered"), "the log is at work: {log}");
    evidence.assert_stored(&home, EMAIL);
    evidence.assert_stored(&home, "Wallers-en-Fagne");
}

fn create() -> v1::CreateRequest {
    let profile = v1::Account {
        company_name: "Chocolaterie Quinquin".into(),
        last_name: "Lachambre".into(),
        first_name: "Jeannette".into(),
        address: "3 rue des Templiers".into(),
        phone: "01-58-90-49-77".into(),
        ..Default::default()
    };
    v1::CreateRequest {
        request_id: uuid(1),
        email: EMAIL.into(),
        machine: Some(v1::Machine { id: uuid(10), name: "Poste du fond".into() }),
        locale: "fr-FR".into(),
        profile: Some(profile),
    }
}

/// All calls of installations, right and wrong; every secret they bring becomes evidence.
async fn walk(server: &ServerProcess, support_key: &str, evidence: &mut Evidence) {
    let with_token = async |token: &str| {
        let token = gestan_account_client::LinkToken::parse(token).expect("a token");
        server.connect(ClientOptions::new()).await.with_link_token(&token)
    };
    let stranger = server.connect(ClientOptions::new()).await;
    let created = stranger.create(create()).await.expect("Create");
    let mut bad = create();
    bad.email = "pas une adresse: Lachambre".into();
    bad.profile.as_mut().expect("a profile").phone = "01-58-90-49-77 Lachambre".into();
    stranger.create(bad).await.expect_err("a bad address");
    let mut reused = create();
    reused.email = NEW_EMAIL.into();
    stranger.create(reused).await.expect_err("a request ID of another request");

    let code = server.code_to(EMAIL).await;
    evidence.add_secret("code", &code);
    let confirm = |code: &str| {
        let challenge_id = created.challenge_id.clone();
        stranger.confirm(v1::ConfirmRequest {
            challenge_id,
            code: code.to_owned(),
            ..Default::default()
        })
    };
    confirm(WRONG_CODE).await.expect_err("a wrong code");
    confirm(&format!("{code}X")).await.expect_err("a code that is no code");
    let confirmed = confirm(&code).await.expect("Confirm");
    evidence.add_secret("ticket", &confirmed.ticket);

    let mut set = v1::SetPasswordRequest {
        ticket: confirmed.ticket,
        new_password: "Lachambre2026".into(),
        ..Default::default()
    };
    stranger.set_password(set.clone()).await.expect_err("a weak password");
    set.new_password = PASSWORD.into();
    let linked = stranger.set_password(set.clone()).await.expect("SetPassword");
    evidence.add_secret("link token", &linked.link_token);
    set.new_password = WRONG_PASSWORD.into();
    stranger.set_password(set).await.expect_err("a spent ticket");
    let account_id = confirmed.account_id;
    let client = with_token(&linked.link_token).await;

    let register = |secret: &str| {
        let (secret, machine) = (secret.to_owned(), Some(machine(2)));
        stranger.register_existing(v1::RegisterExistingRequest { account_id, secret, machine })
    };
    register(WRONG_PASSWORD).await.expect_err("a wrong password");
    let second = register(PASSWORD).await.expect("RegisterExisting").link_token;
    evidence.add_secret("second link token", &second);

    let update = |client: &gestan_account_client::Client, account, path: &str, password: &str| {
        let client = client.clone();
        let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
        let (account, password) = (Some(account), password.to_owned());
        async move { client.update(v1::UpdateRequest { account, update_mask, password }).await }
    };
    let town = v1::Account { city: "Wallers-en-Fagne".into(), ..Default::default() };
    update(&client, town.clone(), "city", WRONG_PASSWORD).await.expect_err("a wrong password");
    update(&client, town.clone(), "Lachambre", PASSWORD).await.expect_err("an unknown path");
    update(&client, town, "city", PASSWORD).await.expect("Update");
    let address = v1::Account { email: NEW_EMAIL.into(), ..Default::default() };
    let moved = update(&client, address, "email", PASSWORD).await.expect("Update of the address");
    let code = server.code_to(NEW_EMAIL).await;
    evidence.add_secret("code of the new address", &code);
    let request =
        v1::ConfirmRequest { challenge_id: moved.challenge_id, code, ..Default::default() };
    stranger.confirm(request).await.expect("Confirm of the address");

    let request = v1::ResendPasswordRequest {
        request_id: uuid(3),
        email: NEW_EMAIL.into(),
        machine: Some(machine(3)),
        ..Default::default()
    };
    stranger.resend_password(request.clone()).await.expect("ResendPassword");
    let unknown = v1::ResendPasswordRequest {
        request_id: uuid(4),
        email: format!("inconnu-{NEW_EMAIL}"),
        ..request
    };
    stranger.resend_password(unknown).await.expect("ResendPassword for nobody");
    let change = v1::SetPasswordRequest {
        current_password: PASSWORD.into(),
        new_password: NEW_PASSWORD.into(),
        ..Default::default()
    };
    client.set_password(change.clone()).await.expect("SetPassword with the current one");
    client.set_password(change).await.expect_err("SetPassword with the old one");

    let support = with_token(support_key).await;
    support.get(v1::GetRequest { account_id }).await.expect("Get by support");
    support.get(v1::GetRequest { account_id: 99 }).await.expect_err("Get of nobody");
    support.unlink(v1::UnlinkRequest::default()).await.expect_err("Unlink by support");
    of_the_desk(server, support_key, account_id, evidence).await;
    let second = with_token(&second).await;
    let list = v1::ListTimeEntriesRequest::default();
    second.list_time_entries(list).await.expect("ListTimeEntries");
    second.unlink(v1::UnlinkRequest::default()).await.expect("Unlink");
    second.get(v1::GetRequest::default()).await.expect_err("a dead token");
    let nobody = with_token("Lachambre-n-est-pas-un-jeton").await;
    nobody.get(v1::GetRequest::default()).await.expect_err("no token at all");
}

/// The calls of the support desk, right and wrong.
async fn of_the_desk(
    server: &ServerProcess,
    support_key: &str,
    account_id: u32,
    evidence: &mut Evidence,
) {
    let mut desk = desk_at(server.address, Some(support_key), None).await;
    desk.get_account(GetAccountRequest { account_id }).await.expect("GetAccount");
    desk.get_account(GetAccountRequest { account_id: 99 }).await.expect_err("GetAccount of nobody");
    let diagnose = DiagnoseAccountRequest { account_id, ..Default::default() };
    desk.diagnose_account(diagnose).await.expect("DiagnoseAccount");
    let list = ListEventsRequest { account_id, ..Default::default() };
    desk.list_events(list).await.expect("ListEvents");
    let list = ListRefusedRecipientsRequest::default();
    desk.list_refused_recipients(list).await.expect("ListRefusedRecipients");
    for query in [NEW_EMAIL, "Lachambre", "01 58 90 49 77"] {
        let find = FindAccountsRequest { query: query.to_owned(), ..Default::default() };
        desk.find_accounts(find).await.expect("FindAccounts");
    }
    let nobody = SendCodeRequest { account_id: 0, email: format!("inconnu-{NEW_EMAIL}") };
    desk.send_code(nobody).await.expect_err("SendCode to nobody");
    let send = SendCodeRequest { account_id, email: String::new() };
    desk.send_code(send).await.expect("SendCode");
    evidence.add_secret("code of the desk", &server.code_to(NEW_EMAIL).await);
    let unlink = UnlinkMachineRequest {
        account_id,
        machine_id: uuid(10),
        reason: "vol au magasin".to_owned(),
        ..Default::default()
    };
    desk.unlink_machine(unlink.clone()).await.expect("UnlinkMachine");
    let unknown = UnlinkMachineRequest { machine_id: uuid(77), ..unlink };
    desk.unlink_machine(unknown).await.expect_err("UnlinkMachine of no machine");
    let cancel = CancelEmailChangeRequest { account_id };
    desk.cancel_email_change(cancel).await.expect("CancelEmailChange");
    let merge = MergeAccountsRequest {
        from_account_id: 99,
        into_account_id: account_id,
        reason: "doublon de Lyon".to_owned(),
        ..Default::default()
    };
    desk.merge_accounts(merge).await.expect_err("MergeAccounts of nobody");
    time_of_the_desk(&mut desk, account_id).await;
    let export = ExportAccountRequest { account_id, ..Default::default() };
    desk.export_account(export).await.expect("ExportAccount");
    let erase = EraseAccountRequest {
        account_id,
        reason: "demande de Lachambre".to_owned(),
        ..Default::default()
    };
    desk.erase_account(erase.clone()).await.expect_err("EraseAccount without its repeated ID");
    let look = EraseAccountRequest { validate_only: true, write_off_minutes: 60, ..erase };
    desk.erase_account(look).await.expect("EraseAccount that only tells");
    let start = StartEmailChangeRequest {
        account_id,
        email: format!("encore-{NEW_EMAIL}"),
        reason: "Kbis de Lachambre".to_owned(),
        without_delay: true,
        ..Default::default()
    };
    desk.start_email_change(start.clone()).await.expect("StartEmailChange");
    let code = server.code_to(&start.email).await;
    evidence.add_secret("code of the desk's new address", &code);
    let stranger = server.connect(ClientOptions::new()).await;
    let wrong = v1::ConfirmRequest { account_id: 99, code: code.clone(), ..Default::default() };
    stranger.confirm(wrong).await.expect_err("Confirm of nobody");
    let confirm = v1::ConfirmRequest { account_id, code, ..Default::default() };
    stranger.confirm(confirm).await.expect("Confirm by account");
}

/// Support time, with texts that no line of the log has.
async fn time_of_the_desk(desk: &mut Desk, account_id: u32) {
    let summary = "paie de la confiseuse".to_owned();
    let bought = GrantTimeRequest { summary: summary.clone(), ..grant(account_id, 60) };
    desk.grant_time(bought).await.expect("GrantTime");
    let used = ChargeTimeRequest {
        summary: summary.clone(),
        company_name: "Confiserie Delmotte".to_owned(),
        ..charge(account_id, 30)
    };
    let charged = desk.charge_time(used.clone()).await.expect("ChargeTime").into_inner();
    desk.charge_time(used.clone()).await.expect_err("perhaps a second time");
    let too_much = ChargeTimeRequest { minutes: 600, ..used.clone() };
    desk.charge_time(too_much).await.expect_err("more than there is");
    let too_long = ChargeTimeRequest { company_name: used.company_name.repeat(9), ..used };
    desk.charge_time(too_long).await.expect_err("a company that is too long");
    let entry = charged.entry.expect("an entry").id;
    let put_right = CorrectTimeRequest { summary, ..correction(account_id, entry) };
    desk.correct_time(put_right).await.expect("CorrectTime");
    let list = ListTimeEntriesRequest { account_id, ..Default::default() };
    desk.list_time_entries(list).await.expect("ListTimeEntries");
}
