//! The ids of what changes an earlier message.

use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::{channel, message};
use crate::webhooks_shapes::{
    Call, TARGET, baileys, baileys_edit, baileys_reaction, baileys_update, encrypted_change,
    go_change, key, zapi,
};

#[rstest]
#[case::k118_zapi_edit(zapi(&json!({"messageId": TARGET, "isEdit": true, "text": {"message": "Oi!"}})), "3EB0A1B2C3D4E5F60718#edit-1790000009000")]
#[case::zapi_revoke(zapi(&json!({"messageId": TARGET, "notification": "REVOKE"})), "3EB0A1B2C3D4E5F60718#revoke")]
#[case::k125_baileys_reaction(baileys_reaction(&json!({"text": "👍", "key": key("3AF0")})), "3AF0")]
#[case::k125_baileys_reaction_by_its_time(baileys_reaction(&json!({"text": "", "key": {"remoteJid": "5521988887777@s.whatsapp.net"},
    "senderTimestampMs": 1_790_000_030_000_i64})), "3EB0A1B2C3D4E5F60718#reaction-1790000030000")]
#[case::k126_baileys_revoke(baileys_update(&json!({"message": null, "messageStubType": "REVOKE"})), "3EB0A1B2C3D4E5F60718#revoke")]
#[case::k127_baileys_edit(baileys_edit(&json!({"conversation": "Oi!"}), &json!(1_790_000_040)), "3EB0A1B2C3D4E5F60718#edit-1790000040000")]
#[case::baileys_revoke_as_a_message(baileys(&json!({"protocolMessage": {"type": 0, "key": key(TARGET)}})), "3EB0A1B2C3D4E5F60718#revoke")]
#[case::baileys_edit_as_a_message(baileys(&json!({"protocolMessage": {"type": 14, "key": key(TARGET),
    "editedMessage": {"conversation": "Oi!"}, "timestampMs": "1790000040123"}})), "3EB0A1B2C3D4E5F60718#edit-1790000040000")]
#[case::k137_go_revoke(go_change(&json!({"type": 0}), "7"), "3AF0C1D2E3F405162738")]
#[case::k184_baileys_encrypted_edit(baileys(&encrypted_change("id", &json!(2))), "3AF0C1D2E3F405162739")]
fn a_change_has_an_id_of_its_own(#[case] (subject, body): Call, #[case] external_id: &str) {
    assert_eq!(message(channel(subject), &body).external_id, external_id);
}

#[test]
fn k119_an_unreadable_message_and_its_later_text_have_the_same_id() {
    let id = |members: &Value| {
        let (subject, body) = zapi(members);
        message(channel(subject), &body).external_id
    };
    assert_eq!(id(&json!({"messageId": "A", "waitingMessage": true})), "A");
    assert_eq!(
        id(&json!({"messageId": "A", "text": {"message": "Oi"}})),
        "A"
    );
}

#[test]
fn without_a_time_the_words_tell_two_changes_apart() {
    let id = |text: &str| {
        let (subject, body) = baileys_edit(&json!({"conversation": text}), &json!(null));
        message(channel(subject), &body).external_id
    };
    assert_eq!(id("Oi!"), id("Oi!"));
    assert_ne!(id("Oi!"), id("Oi?"));
}
