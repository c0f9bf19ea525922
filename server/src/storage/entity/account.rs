use sea_orm::entity::prelude::*;

use crate::storage::by_position::by_position;

by_position! {
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub version: i64,
        pub email: String,
        pub email_key: String,
        pub pending_email: Option<String>,
        pub pending_email_expire_time: Option<i64>,
        pub locale: String,
        pub company_name: String,
        pub last_name: String,
        pub first_name: String,
        pub address: String,
        pub postal_code: String,
        pub city: String,
        pub country_code: String,
        pub phone: String,
        pub phone_e164: Option<String>,
        pub ape_code: String,
        pub ape_version: Option<String>,
        pub password_hash: Option<String>,
        pub create_time: i64,
        pub update_time: i64,
        pub time_balance: i32,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
