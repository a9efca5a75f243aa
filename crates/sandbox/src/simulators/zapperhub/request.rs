//! Reading a body by the vendor's `OpenAPI` file; the words of its violations are invented.

use serde_json::{Map, Value, json};

use crate::{Answer, Call, address, call::is_one_of};

pub(super) struct Node<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Node<'a> {
    /// Reads an object that has only known keys.
    ///
    /// The vendor's schemas are closed; whether extra keys are refused or dropped (`strip`) is not said.
    pub(super) fn read(
        value: &'a Value,
        path: String,
        keys: &str,
        strip: bool,
    ) -> Result<Self, Answer> {
        let Some(object) = value.as_object() else {
            return Err(violation(&path, "must be object"));
        };
        if !strip && !object.keys().all(|key| is_one_of(key, keys)) {
            return Err(violation(&path, "must NOT have additional properties"));
        }
        Ok(Self { object, path })
    }

    pub(super) fn refuse(&self, key: &str, problem: &str) -> Answer {
        violation(&format!("{}/{key}", self.path), problem)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key)
    }

    /// Returns the recipient: `+digits`, digits, or a JID of a person, a LID or a group.
    pub(super) fn jid(&self) -> Result<&'a str, Answer> {
        let jid = self.required("jid")?;
        let is_recipient = match jid.split_once('@') {
            None => address::is_digits(jid.strip_prefix('+').unwrap_or(jid), 8..=15),
            Some((user, "s.whatsapp.net")) => address::is_digits(user, 8..=15),
            Some((user, "lid")) => address::is_digits(user, 1..=30),
            Some((user, "g.us")) => user.split('-').all(|part| address::is_digits(part, 1..=30)),
            Some(_) => false,
        };
        if is_recipient {
            return Ok(jid);
        }
        Err(self.refuse("jid", "Invalid"))
    }

    /// Returns the items of an array that has at least one, each with its path.
    pub(super) fn items(
        &self,
        key: &str,
    ) -> Result<impl Iterator<Item = (String, &'a Value)> + use<'a>, Answer> {
        let path = format!("{}/{key}", self.path);
        match self.get(key) {
            None => Err(self.refuse(key, "Required")),
            Some(Value::Array(list)) if list.is_empty() => {
                Err(self.refuse(key, "must NOT have fewer than 1 items"))
            }
            Some(Value::Array(list)) => {
                let items = list.iter().enumerate();
                Ok(items.map(move |(index, item)| (format!("{path}/{index}"), item)))
            }
            Some(_) => Err(self.refuse(key, "must be array")),
        }
    }

    pub(super) fn required(&self, key: &str) -> Result<&'a str, Answer> {
        match self.string(key)? {
            None => Err(self.refuse(key, "Required")),
            Some("") => Err(self.refuse(key, "must NOT have fewer than 1 characters")),
            Some(text) => Ok(text),
        }
    }

    pub(super) fn optional(&self, key: &str) -> Result<Option<String>, Answer> {
        let text = self.string(key)?.filter(|text| !text.is_empty());
        Ok(text.map(str::to_owned))
    }

    pub(super) fn check_word(&self, key: &str, allowed: &str) -> Result<(), Answer> {
        match self.get(key).map(Value::as_str) {
            None => Ok(()),
            Some(Some(word)) if is_one_of(word, allowed) => Ok(()),
            Some(_) => Err(self.refuse(key, "must be equal to one of the allowed values")),
        }
    }

    fn string(&self, key: &str) -> Result<Option<&'a str>, Answer> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(key, "must be string")),
        }
    }
}

fn violation(path: &str, problem: &str) -> Answer {
    error(400, &format!("{path} {problem}"))
}

pub(super) fn no_route(call: &Call) -> Answer {
    let path = call.segments().join("/");
    error(404, &format!("Cannot {} /{path}", call.method()))
}

pub(super) fn error(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({"message": message}))
}
