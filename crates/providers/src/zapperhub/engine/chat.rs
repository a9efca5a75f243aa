//! Tells chats apart by their addresses.

use recado_core::inbound::{Ignored, Inbound};

/// Tells whether a chat is a group.
pub(crate) fn is_group(chat: &str) -> bool {
    chat.ends_with("@g.us")
}

/// Says why a chat is neither a customer's nor a group, if it is not.
pub(crate) fn unheard(chat: &str) -> Option<Inbound> {
    let reason = match chat.split_once('@')?.1 {
        "newsletter" => Ignored::Newsletter,
        "broadcast" if chat == "status@broadcast" => Ignored::Story,
        _ => return None,
    };
    Some(Inbound::Ignored(reason))
}
