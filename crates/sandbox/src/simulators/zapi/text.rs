//! `send-text`.

use super::request::{self, Object};
use crate::answer::Answer;
use crate::phone::{Buttons, Content};

pub(super) fn read(body: &Object) -> Result<Content, Answer> {
    Ok(Content::Buttons(Buttons {
        body: Some(request::message(body)?),
        ..Buttons::default()
    }))
}
