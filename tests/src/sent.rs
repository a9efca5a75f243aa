//! What a provider was sent, read from the sandbox's list of requests.

use recado_sandbox::{Provider, ReceivedRequest};

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
