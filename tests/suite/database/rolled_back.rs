//! SQLite ends a transaction by itself, at each statement of each RPC that writes
//! in turn, as it does when the disk is full at that moment: the very next call is
//! stored, and another process sees it.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use std::collections::BTreeSet;

use gestan_account_client::{Error, FieldMask, v1};
use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, ChargeTimeRequest, CorrectTimeRequest, EraseAccountRequest,
    ExportAccountRequest, FindAccountsRequest, GetAccountRequest, GrantTimeRequest,
    MergeAccountsRequest, SendCodeRequest, StartEmailChangeRequest, UnlinkMachineRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, Member, PASSWORD, TestDatabase, TestServer, TestServerOptions, assert_adds_up, charge,
    correction, count, erase_request, execute, grant, is_postgres, machine, new_password, tables,
    uuid,
};
use jiff::SignedDuration;
use sea_orm::{Database, DatabaseConnection};
use tonic::{Response, Status};

/// A server, and what ends transactions under its hands.
struct Saboteur {
    server: TestServer,
    /// Another one's connection.
    other: DatabaseConnection,
    /// `INSERT ON account`, for one.
    statement: String,
    customers: u32,
    hit: BTreeSet<String>,
}

impl Saboteur {
    async fn arm(&self) {
        let statement = &self.statement;
        let body = "BEGIN SELECT RAISE(ROLLBACK, 'ended by itself'); END";
        execute(&self.other, &format!("CREATE TRIGGER saboteur BEFORE {statement} {body}")).await;
    }

    async fn disarm(&self) {
        execute(&self.other, "DROP TRIGGER saboteur").await;
    }

    /// Makes the call while the statement ends its transaction, if it gets there,
    /// and then without; nothing of the first may be left in the way.
    async fn insist<T, F>(&mut self, rpc: &str, call: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.arm().await;
        let first = call().await;
        self.disarm().await;
        if let Ok(answer) = first {
            return answer;
        }
        self.hit.insert(format!("{rpc}: {}", self.statement));
        self.check_that_it_keeps().await;
        call().await.unwrap_or_else(|error| panic!("{rpc}: {}: {error}", self.statement))
    }

    async fn check_that_it_keeps(&mut self) {
        self.customers += 1;
        let email = format!("temoin{}@exemple.fr", self.customers);
        self.server.create(&email, u128::from(self.customers)).await;
        let kept = format!("SELECT count(*) FROM challenge WHERE email = '{email}'");
        assert_eq!(count(&self.other, &kept).await, 1, "after {:?}", self.hit.last());
        self.server.accounts.db.ping(self.server.outbox.clock.now()).await.expect("it keeps");
    }

    /// Every RPC that writes, and a Get that notes when the machine was seen.
    async fn walk(&mut self, number: u32) {
        let (email, key) = (format!("client{number}@exemple.fr"), u128::from(number) * 100);
        let client = self.server.client.clone();
        let request = v1::CreateRequest {
            request_id: uuid(key),
            email: email.clone(),
            machine: Some(machine(key)),
            ..Default::default()
        };
        let created = self.insist("Create", || client.create(request.clone())).await;
        let code = self.server.code_to(&email).await;
        let request =
            v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
        let confirmed = self.insist("Confirm", || client.confirm(request.clone())).await;
        let request = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: PASSWORD.to_owned(),
            ..Default::default()
        };
        let set = self.insist("SetPassword", || client.set_password(request.clone())).await;
        let account = set.account.expect("an account");
        let member = self.server.member(account, machine(key), &set.link_token);
        self.change(&member, number).await;

        let request = v1::ResendPasswordRequest {
            request_id: uuid(key + 1),
            account_id: member.account_id,
            machine: Some(machine(key + 1)),
            ..Default::default()
        };
        self.insist("ResendPassword", || client.resend_password(request.clone())).await;
        let request = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: self.server.code_to(&email).await,
            machine: Some(machine(key + 1)),
        };
        self.insist("RegisterExisting", || client.register_existing(request.clone())).await;
        self.desk(&member, number).await;
        self.insist("Unlink", || member.client.unlink(v1::UnlinkRequest::default())).await;
        self.server.deliver_mail().await;
        self.erase(&member, number).await;
    }

    /// What the support desk writes.
    async fn desk(&mut self, member: &Member, number: u32) {
        let desk = self.server.desk(Role::Admin).await;
        let account_id = member.account_id;
        let get = GetAccountRequest { account_id };
        self.insist("GetAccount", || of(&desk, async move |mut desk| desk.get_account(get).await))
            .await;
        let call = || {
            let find = FindAccountsRequest { query: "client".to_owned(), ..Default::default() };
            of(&desk, async move |mut desk| desk.find_accounts(find).await)
        };
        self.insist("FindAccounts", call).await;
        let email = format!("encore{number}@exemple.fr");
        let pending = v1::UpdateRequest {
            account: Some(v1::Account { email, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["email".to_owned()] }),
            password: new_password(number),
        };
        member.client.update(pending).await.expect("an address is pending");
        let cancel = CancelEmailChangeRequest { account_id };
        let call = || of(&desk, async move |mut desk| desk.cancel_email_change(cancel).await);
        self.insist("CancelEmailChange", call).await;
        let start = StartEmailChangeRequest {
            account_id,
            email: format!("autre{number}@exemple.fr"),
            reason: "rappel au siège".to_owned(),
            without_delay: true,
            ..Default::default()
        };
        let email = start.email.clone();
        let call = || {
            let start = start.clone();
            of(&desk, async move |mut desk| desk.start_email_change(start).await)
        };
        self.insist("StartEmailChange", call).await;
        let code = self.server.code_to(&email).await;
        let confirm = v1::ConfirmRequest { account_id, code, ..Default::default() };
        let client = self.server.client.clone();
        self.insist("Confirm (account)", || client.confirm(confirm.clone())).await;
        let send = || SendCodeRequest { account_id, ..Default::default() };
        let call = || {
            let send = send();
            of(&desk, async move |mut desk| desk.send_code(send).await)
        };
        self.insist("SendCode", call).await;
        let call = || {
            let (machine_id, reason) = (uuid(u128::from(number) * 100 + 1), "vol".to_owned());
            let unlink =
                UnlinkMachineRequest { account_id, machine_id, reason, ..Default::default() };
            of(&desk, async move |mut desk| desk.unlink_machine(unlink).await)
        };
        self.insist("UnlinkMachine", call).await;
        self.merge(&desk, member, number).await;
    }

    /// A second account of the same company, with all that hangs on one.
    async fn merge(&mut self, desk: &Desk, member: &Member, number: u32) {
        let (email, key) = (format!("double{number}@exemple.fr"), u128::from(number) * 100 + 2);
        let double = self.server.open_account(&email, key).await;
        let earlier = self.server.open_account(&format!("tout-{email}"), key + 1).await;
        let merge = |from: &Member, into: &Member| MergeAccountsRequest {
            from_account_id: from.account_id,
            into_account_id: into.account_id,
            reason: "doublon".to_owned(),
            ..Default::default()
        };
        desk.clone().merge_accounts(merge(&earlier, &double)).await.expect("an alias");
        let both = double.machine.id.clone();
        let join = v1::RegisterExistingRequest {
            account_id: member.account_id,
            secret: new_password(number),
            machine: Some(v1::Machine { id: both, name: "Caisse".to_owned() }),
        };
        self.server.client.register_existing(join).await.expect("it is linked to both");
        self.server.resend(double.account_id, key).await;
        self.time(desk, double.account_id, number).await;
        let call = || {
            let merge = merge(&double, member);
            of(desk, async move |mut desk| desk.merge_accounts(merge).await)
        };
        let merged = self.insist("MergeAccounts", call).await;
        assert_eq!((merged.moved_machines, merged.joined_machines), (1, 1));
        assert_eq!(merged.moved_minutes, 60);
        assert_adds_up(&self.other).await;
        for (table, left) in [("account WHERE email", 0), ("challenge WHERE email", 0)] {
            let sql = format!("SELECT count(*) FROM {table} = '{email}'");
            assert_eq!(count(&self.other, &sql).await, left, "{table}");
        }
    }

    /// Time that is bought, used and given back.
    async fn time(&mut self, desk: &Desk, account_id: u32, number: u32) {
        let named = |what: &str| format!("{what}-{number}");
        let call = || {
            let (request_id, summary) = (named("FA"), "Carnet".to_owned());
            let bought = GrantTimeRequest { request_id, summary, ..grant(account_id, 60) };
            of(desk, async move |mut desk| desk.grant_time(bought).await)
        };
        self.insist("GrantTime", call).await;
        let call = || {
            let used = ChargeTimeRequest { request_id: named("T"), ..charge(account_id, 30) };
            of(desk, async move |mut desk| desk.charge_time(used).await)
        };
        let charged = self.insist("ChargeTime", call).await.entry.expect("an entry").id;
        let call = || {
            let put_right =
                CorrectTimeRequest { request_id: named("C"), ..correction(account_id, charged) };
            of(desk, async move |mut desk| desk.correct_time(put_right).await)
        };
        self.insist("CorrectTime", call).await;
    }

    /// The account, with the ID that leads to it, and a mail that is to be sent.
    async fn erase(&mut self, member: &Member, number: u32) {
        let desk = self.server.desk(Role::Admin).await;
        let account_id = member.account_id;
        let call = || {
            let export = ExportAccountRequest { account_id, ..Default::default() };
            of(&desk, async move |mut desk| desk.export_account(export).await)
        };
        self.insist("ExportAccount", call).await;
        self.server.resend(account_id, u128::from(number) * 100 + 9).await;
        let call = || {
            // What came with the account that was merged.
            let erase = EraseAccountRequest { write_off_minutes: 60, ..erase_request(account_id) };
            of(&desk, async move |mut desk| desk.erase_account(erase).await)
        };
        let erased = self.insist("EraseAccount", call).await;
        assert!(erased.events > 10, "{erased:?}");
        assert_adds_up(&self.other).await;
        for table in ["account WHERE id", "account_word WHERE account_id", "link WHERE account_id"]
        {
            let sql = format!("SELECT count(*) FROM {table} = {account_id}");
            assert_eq!(count(&self.other, &sql).await, 0, "{table}");
        }
        self.server.deliver_mail().await;
    }

    async fn change(&mut self, member: &Member, number: u32) {
        let wrong = v1::UpdateRequest {
            account: Some(v1::Account { city: "Nîmes".to_owned(), ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["city".to_owned()] }),
            password: "pas celui-la du tout".to_owned(),
        };
        // Counted, and refused either way.
        self.arm().await;
        member.client.update(wrong.clone()).await.expect_err("it is wrong");
        self.disarm().await;
        self.check_that_it_keeps().await;
        let update = v1::UpdateRequest { password: PASSWORD.to_owned(), ..wrong };
        self.insist("Update", || member.client.update(update.clone())).await;
        let email = format!("nouvelle{number}@exemple.fr");
        let update = v1::UpdateRequest {
            account: Some(v1::Account { email, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["email".to_owned()] }),
            password: PASSWORD.to_owned(),
        };
        self.insist("Update (email)", || member.client.update(update.clone())).await;
        let request = v1::SetPasswordRequest {
            current_password: PASSWORD.to_owned(),
            new_password: new_password(number),
            unlink_other_machines: true,
            ..Default::default()
        };
        let set = "SetPassword (password)";
        self.insist(set, || member.client.set_password(request.clone())).await;
        self.server.advance(SignedDuration::from_mins(2));
        self.insist("Get", || member.client.get(v1::GetRequest::default())).await;
    }
}

/// A call of the desk, with the errors of the client's calls.
async fn of<T>(
    desk: &Desk,
    call: impl AsyncFnOnce(Desk) -> Result<Response<T>, Status>,
) -> Result<T, Error> {
    Ok(call(desk.clone()).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_sqlite_ends_by_itself_leaves_nothing_in_the_way() {
    if is_postgres() {
        return;
    }
    let database = TestDatabase::sqlite();
    let options =
        TestServerOptions { database_url: Some(database.url().to_owned()), ..Default::default() };
    let server = TestServer::start_with(options).await;
    let other = Database::connect(database.url()).await.expect("a database");
    let tables = tables(&other).await;
    let statement = String::new();
    let mut saboteur = Saboteur { server, other, statement, customers: 0, hit: BTreeSet::new() };
    let mut number = 0;
    for table in
        tables.iter().filter(|table| !["heartbeat", "seaql_migrations"].contains(&&***table))
    {
        for kind in ["INSERT", "UPDATE", "DELETE"] {
            saboteur.statement = format!("{kind} ON {table}");
            number += 1;
            saboteur.walk(number).await;
        }
    }
    let hit = &saboteur.hit;
    println!("{} statements: {hit:#?}", hit.len());
    let of_the_desk = [
        "CancelEmailChange",
        "EraseAccount",
        "MergeAccounts",
        "SendCode",
        "StartEmailChange",
        "UnlinkMachine",
    ];
    let others = ["Create", "Confirm", "SetPassword", "RegisterExisting", "Update", "Unlink"];
    for rpc in others.into_iter().chain(of_the_desk) {
        let statements = hit.iter().filter(|hit| hit.starts_with(&format!("{rpc}:"))).count();
        assert!(statements >= 2, "{rpc} writes into several tables: {hit:#?}");
    }
}
