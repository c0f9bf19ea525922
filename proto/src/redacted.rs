//! `Debug` for the messages that carry a code, ticket, token or password: it
//! shows whether the secret is there, never what it is.

use std::fmt;

use crate::{
    testing::v1::GetCodeResponse,
    v1::{
        ConfirmRequest, ConfirmResponse, RegisterExistingRequest, RegisterExistingResponse,
        SetPasswordRequest, SetPasswordResponse, UnlinkRequest, UpdateRequest,
    },
};

struct Redacted<'a>(&'a str);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "[redacted]" })
    }
}

macro_rules! redact {
    ($($message:ident { shown: [$($shown:ident),*], secret: [$($secret:ident),*] })*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($shown), &self.$shown))*
                    $(.field(stringify!($secret), &Redacted(&self.$secret)))*
                    .finish()
            }
        }
    )*};
}

redact! {
    ConfirmRequest { shown: [challenge_id, account_id], secret: [code] }
    ConfirmResponse { shown: [account_id, ticket_expire_time, account_existed, account], secret: [ticket] }
    SetPasswordRequest { shown: [unlink_other_machines], secret: [ticket, current_password, new_password] }
    SetPasswordResponse { shown: [account], secret: [link_token] }
    RegisterExistingRequest { shown: [account_id, machine], secret: [secret] }
    RegisterExistingResponse { shown: [account], secret: [link_token] }
    UpdateRequest { shown: [account, update_mask], secret: [password] }
    UnlinkRequest { shown: [account_id, machine_id], secret: [password] }
    GetCodeResponse { shown: [kind, account_id, subject, request_time, expire_time], secret: [code] }
}
