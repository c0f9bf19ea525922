//! Challenges and the personal codes that were mailed for them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("challenge")
                    .col(pk_uuid("id"))
                    .col(text("purpose"))
                    // The account whose address is to change; no other purpose has one.
                    .col(big_integer_null("account_id"))
                    // Where the codes go; none when ResendPassword named no account.
                    .col(text_null("email"))
                    .col(text_null("email_key"))
                    .col(uuid("machine_id"))
                    .col(text("machine_name"))
                    .col(text("locale"))
                    // What a new account is to hold, as JSON.
                    .col(text("profile"))
                    // Argon2id salt and parameters of all codes of this challenge.
                    .col(binary_len("salt", 16))
                    .col(text("hash_params"))
                    // Makes tickets and tokens repeatable; erased ten minutes after use.
                    .col(binary_len_null("seed", 32))
                    .col(integer("wrong_tries").default(0))
                    .col(integer("account_wrong_tries").default(0))
                    .col(big_integer("create_time"))
                    .col(big_integer("expire_time"))
                    .col(big_integer_null("spent_time"))
                    // The code that was used, and the digest of the call that used it.
                    .col(uuid_null("spent_code_id"))
                    .col(binary_len_null("spent_call", 32))
                    .col(big_integer_null("outcome_account_id"))
                    .col(boolean_null("outcome_account_existed"))
                    // SHA-256 of the ticket.
                    .col(binary_len_null("ticket_digest", 32).unique_key())
                    .col(big_integer_null("ticket_expire_time"))
                    .col(big_integer_null("ticket_spent_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("challenge_email_key")
                    .table("challenge")
                    .col("email_key")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("challenge_create_time")
                    .table("challenge")
                    .col("create_time")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("personal_code")
                    .col(pk_uuid("id"))
                    .col(uuid("challenge_id"))
                    // Argon2id of the code, with the salt of its challenge.
                    .col(binary_len("hash", 32))
                    .col(big_integer("create_time"))
                    .col(big_integer("expire_time"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("personal_code", "challenge_id")
                            .to("challenge", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("personal_code_challenge")
                    .table("personal_code")
                    .col("challenge_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("personal_code").to_owned()).await?;
        manager.drop_table(Table::drop().table("challenge").to_owned()).await
    }
}
