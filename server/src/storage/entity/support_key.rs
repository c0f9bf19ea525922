use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_key")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub key_digest: Vec<u8>,
    pub create_time: i64,
    pub revoke_time: Option<i64>,
    pub role: String,
    pub expire_time: Option<i64>,
    pub last_use_time: Option<i64>,
    pub key_hint: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
