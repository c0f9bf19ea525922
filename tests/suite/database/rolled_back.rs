//! SQLite ends a transaction by itself, at each statement of each RPC that writes
//! in turn, as it does when the disk is full at that moment: the very next call is
//! stored, and another process sees it.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use std::collections::BTreeSet;

use gestan_account_client::{Error, FieldMask, v1};
use gestan_account_tests::{
    Member, PASSWORD, TestDatabase, TestServer, TestServerOptions, count, execute, is_postgres,
    machine, new_password, tables, uuid,
};
use jiff::SignedDuration;
use sea_orm::{Database, DatabaseConnection};

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
        let request = v1::ConfirmRequest { challenge_id: created.challenge_id, code };
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
        self.insist("Unlink", || member.client.unlink(v1::UnlinkRequest::default())).await;
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
    for rpc in ["Create", "Confirm", "SetPassword", "RegisterExisting", "Update", "Unlink"] {
        let statements = hit.iter().filter(|hit| hit.starts_with(&format!("{rpc}:"))).count();
        assert!(statements >= 2, "{rpc} writes into several tables: {hit:#?}");
    }
}
