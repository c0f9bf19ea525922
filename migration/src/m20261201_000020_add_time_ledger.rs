//! The time ledger: support time that customers have bought and used, the balance that each
//! account has of it, and what it was for. A release before writes none of these, opens
//! accounts with a balance of 0, and leaves the balance of those that it changes.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const KINDS: [&str; 6] = ["grant", "charge", "correction", "merge_in", "merge_out", "write_off"];

/// An entry is put right by another one, never changed: not by this program, and not by hand.
const SQLITE_FINAL: &[&str] = &["CREATE TRIGGER time_entry_is_final BEFORE UPDATE ON time_entry \
     BEGIN SELECT RAISE(ABORT, 'an entry of the time ledger is final'); END"];
const POSTGRES_FINAL: &[&str] = &[
    "CREATE FUNCTION refuse_time_entry_update() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN RAISE EXCEPTION 'an entry of the time ledger is final'; END $$",
    "CREATE TRIGGER time_entry_is_final BEFORE UPDATE ON time_entry \
     FOR EACH ROW EXECUTE FUNCTION refuse_time_entry_update()",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let balance = integer("time_balance").default(0).take();
        let balance = Table::alter().table("account").add_column(balance).to_owned();
        manager.alter_table(balance).await?;
        manager.create_table(entries()).await?;
        for (name, columns) in [
            ("time_entry_account", &["account_id", "id"][..]),
            ("time_entry_create_time", &["create_time", "id"]),
            ("time_entry_corrects", &["corrects_id"]),
            ("time_entry_transfer", &["transfer_id"]),
        ] {
            manager.create_index(index(name, columns)).await?;
        }
        manager
            .create_index(
                index("time_entry_request", &["account_id", "request_id"]).unique().to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        let is_final = match db.get_database_backend() {
            DbBackend::Postgres => POSTGRES_FINAL,
            _ => SQLITE_FINAL,
        };
        for statement in is_final {
            db.execute_unprepared(statement).await?;
        }
        manager.create_table(notes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("time_entry_note").to_owned()).await?;
        // Its trigger goes with it.
        manager.drop_table(Table::drop().table("time_entry").to_owned()).await?;
        let db = manager.get_connection();
        if db.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("DROP FUNCTION refuse_time_entry_update()").await?;
        }
        let balance = Table::alter().table("account").drop_column("time_balance").to_owned();
        manager.alter_table(balance).await
    }
}

fn entries() -> TableCreateStatement {
    let reference =
        |column, table| ForeignKey::create().from("time_entry", column).to(table, "id").to_owned();
    Table::create()
        .table("time_entry")
        .col(big_pk_auto("id"))
        // No foreign key: entries outlive accounts.
        .col(big_integer("account_id"))
        .col(text("request_id"))
        .col(text("kind").check(Expr::col("kind").is_in(KINDS)))
        .col(integer("minutes").check(Expr::col("minutes").ne(0)))
        // The balance of the account after it.
        .col(integer("balance_after"))
        // Whether it was allowed to take the balance below zero, and did.
        .col(boolean("overdraft"))
        .col(big_integer_null("corrects_id"))
        // The same in both entries of a merge.
        .col(uuid_null("transfer_id"))
        .col(text("reference").default(""))
        // Who wrote it; null for the operator, on the command line.
        .col(integer_null("support_key_id"))
        // When the help was given, or the time bought.
        .col(big_integer("support_time"))
        .col(big_integer("create_time"))
        .foreign_key(&mut reference("corrects_id", "time_entry"))
        .foreign_key(&mut reference("support_key_id", "support_key"))
        .to_owned()
}

/// What a person wrote about an entry. It stands apart, so that it can be erased while the
/// entry stays.
fn notes() -> TableCreateStatement {
    let of_entry = ForeignKey::create()
        .from("time_entry_note", "entry_id")
        .to("time_entry", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned();
    Table::create()
        .table("time_entry_note")
        .col(big_integer("entry_id").primary_key())
        .col(text("summary"))
        .col(text("company_name"))
        .col(uuid_null("machine_id"))
        .col(text("machine_name"))
        .foreign_key(&mut of_entry.clone())
        .to_owned()
}

fn index(name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table("time_entry").to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
