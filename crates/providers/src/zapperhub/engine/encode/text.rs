//! A plain text (ZapperAPI, `POST /messages/text`; wuzapi, `POST /chat/send/text`).

use recado_core::Text;
use serde::Serialize;

use crate::object::Object;

/// Returns the JSON of ZapperAPI, which begins with the members that name its recipient.
pub(crate) fn hosted(address: Object<impl Serialize, impl Serialize>, content: &Text) -> String {
    address.with("message", content.body()).written()
}

/// Returns the JSON of wuzapi, which begins with the members that name its recipient.
pub(crate) fn wuzapi(address: Object<impl Serialize, impl Serialize>, content: &Text) -> String {
    address
        .with("Body", content.body())
        .with_some("LinkPreview", content.link_preview())
        .written()
}
