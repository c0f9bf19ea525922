//! Customer accounts. No ID is ever reused: SQLite counts by AUTOINCREMENT (without it,
//! it would reuse the greatest ID when that row is gone), PostgreSQL by a sequence.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account")
                    .col(big_pk_auto("id"))
                    // Counts the changes; the etag is made of it.
                    .col(big_integer("version"))
                    .col(text("email"))
                    // The address in ASCII and lower case, which is what is compared.
                    .col(text_uniq("email_key"))
                    .col(text_null("pending_email"))
                    .col(big_integer_null("pending_email_expire_time"))
                    .col(text("locale"))
                    .col(text("company_name"))
                    .col(text("last_name"))
                    .col(text("first_name"))
                    .col(text("address"))
                    .col(text("postal_code"))
                    .col(text("city"))
                    .col(text("country_code"))
                    .col(text("phone"))
                    .col(text_null("phone_e164"))
                    .col(text("ape_code"))
                    .col(text_null("ape_version"))
                    // A PHC string; none until a password is set.
                    .col(text_null("password_hash"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("account").to_owned()).await
    }
}
