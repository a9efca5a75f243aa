//! Every API that Recado connects.

use super::{Capabilities, WHATSAPP, WUZAPI_FORK, ZAPI, ZAPPERAPI_V2};

/// What each API carries that Recado connects, and the API's title.
pub static ALL: [(&str, &Capabilities); 4] = [
    (WHATSAPP.title, &WHATSAPP),
    (ZAPI.title, &ZAPI),
    (ZAPPERAPI_V2.title, &ZAPPERAPI_V2),
    ("ZapperHUB, dialect wuzapi", &WUZAPI_FORK),
];
