//! `send-text`.

use super::{request, request::Object};
use crate::{Answer, Buttons, Content};

pub(super) fn read(body: &Object) -> Result<Content, Answer> {
    Ok(Content::Buttons(Buttons {
        body: Some(request::message(body)?),
        ..Buttons::default()
    }))
}
