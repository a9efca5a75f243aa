//! What a provider was sent, and what the customer's phone shows of it.

use recado_sandbox::{Provider, ReceivedRequest, Sandbox};
use serde_json::Value;

use crate::world::CUSTOMER;

/// Returns the body text of the message in a request; `None` if the request is not a message.
pub fn text_of(request: &ReceivedRequest) -> Option<String> {
    let text = match request.provider {
        Provider::Whatsapp => &request.body["interactive"]["body"]["text"],
        Provider::Zapi => &request.body["message"],
        Provider::Zapperhub => &request.body["body"],
        Provider::Wuzapi => {
            let keys = ["body", "Body"];
            let mut texts = keys.iter().map(|key| &request.body[key]);
            texts.find(|text| text.is_string())?
        }
    };
    text.as_str().map(str::to_owned)
}

/// Returns the bodies of the requests, without our own id of the message, which WhatsApp alone is told.
pub fn bodies_without_id(sandbox: &Sandbox) -> Vec<Value> {
    let requests = sandbox.requests().into_iter();
    requests.map(|request| without_id(request.body)).collect()
}

/// Takes our own id of the message out of a request's body.
pub fn without_id(mut body: Value) -> Value {
    let members = body.as_object_mut().expect("an object");
    members.remove("biz_opaque_callback_data");
    body
}

/// Expects the documentation's example on the customer's phone, once, under that id of the provider.
#[track_caller]
pub fn assert_example_arrived(sandbox: &Sandbox, provider: &str, message_id: &Value) {
    let phone = sandbox.phone_messages();
    let [shown] = &phone[..] else {
        panic!("{provider}: {} messages", phone.len());
    };
    assert_eq!((shown.provider.as_str(), &*shown.to), (provider, CUSTOMER));
    let texts = [shown.header(), shown.body(), shown.footer()].map(Option::unwrap_or_default);
    let expected = [
        "Select an option",
        "How can we help you today?",
        "ChatVolt Support",
    ];
    assert_eq!(texts, expected, "{provider}");
    let buttons = shown.buttons().iter();
    let buttons = buttons.map(|button| (&*button.id, &*button.title));
    let expected = [("btn_sales", "Sales"), ("btn_support", "Support")];
    assert_eq!(buttons.collect::<Vec<_>>(), expected, "{provider}");
    assert_eq!(*message_id, shown.message_id, "{provider}");
}
