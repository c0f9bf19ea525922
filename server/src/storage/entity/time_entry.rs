use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "time_entry")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub account_id: i64,
    pub request_id: String,
    pub kind: String,
    pub minutes: i32,
    pub balance_after: i32,
    pub overdraft: bool,
    pub corrects_id: Option<i64>,
    pub transfer_id: Option<Uuid>,
    pub reference: String,
    pub support_key_id: Option<i32>,
    pub support_time: i64,
    pub create_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
