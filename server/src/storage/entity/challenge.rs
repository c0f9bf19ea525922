use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub purpose: String,
    pub account_id: Option<i64>,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub machine_id: Uuid,
    pub machine_name: String,
    pub locale: String,
    pub profile: String,
    pub salt: Vec<u8>,
    pub hash_params: String,
    pub seed: Option<Vec<u8>>,
    pub wrong_tries: i32,
    pub account_wrong_tries: i32,
    pub create_time: i64,
    pub expire_time: i64,
    pub spent_time: Option<i64>,
    pub spent_code_id: Option<Uuid>,
    pub spent_call: Option<Vec<u8>>,
    pub outcome_account_id: Option<i64>,
    pub outcome_account_existed: Option<bool>,
    pub ticket_digest: Option<Vec<u8>>,
    pub ticket_expire_time: Option<i64>,
    pub ticket_spent_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
