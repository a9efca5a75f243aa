//! Reads a contact card that came as a vCard.
//!
//! Apps write vCard 2.1 to 4.0 and break the rules of each, so that what cannot be read is left out. The libraries for vCards
//! read calendars as well and bring a second library for times.

use recado_core::inbound::{ContactCard, ContactPhone};

/// Most bytes of a card that is read and kept; one with a picture is longer, and only its first lines are read.
const MAX_BYTES: usize = 64 * 1024;

/// Reads a card; `display_name` is the name that stands beside it.
pub(crate) fn card(text: &str, display_name: Option<String>) -> ContactCard {
    let text = text.replace('\0', "");
    let read = &text[..text.floor_char_boundary(MAX_BYTES)];
    let mut card = ContactCard::default();
    for line in unfolded(read).lines() {
        take(&mut card, line);
    }
    if display_name.is_some() {
        card.name.formatted = display_name;
    }
    card.vcard = (!text.is_empty() && text.len() <= MAX_BYTES).then_some(text);
    card
}

/// Joins lines that were broken: the rest of a broken line begins with a space or a tab (RFC 6350, 3.2).
fn unfolded(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.replace("\n ", "").replace("\n\t", "")
}

fn take(card: &mut ContactCard, line: &str) {
    let Some((name, value)) = line.split_once(':') else {
        return;
    };
    let mut parameters = name.split(';');
    // `item1.TEL` belongs to a group of lines (RFC 6350, 3.3).
    let property = parameters.next().unwrap_or_default();
    let property = property.rsplit('.').next().unwrap_or_default();
    let words = |text: &str| Some(unescaped(text)).filter(|text| !text.is_empty());
    let parts = || value.split(';').map(words).collect::<Vec<_>>();
    match &*property.to_ascii_uppercase() {
        "FN" => card.name.formatted = words(value),
        "N" => {
            let mut parts = parts().into_iter();
            card.name.last = parts.next().flatten();
            card.name.first = parts.next().flatten();
        }
        "ORG" => card.org = parts().into_iter().flatten().next(),
        "EMAIL" => card.emails.extend(words(value)),
        "TEL" => card.phones.push(phone(value, parameters)),
        _ => {}
    }
}

/// Reads a number. `waid` is WhatsApp's own parameter; vCard 2.1 writes types without `TYPE=`.
fn phone<'a>(value: &str, parameters: impl Iterator<Item = &'a str>) -> ContactPhone {
    let mut phone = ContactPhone {
        phone: Some(unescaped(value.trim_start_matches("tel:"))).filter(|it| !it.is_empty()),
        ..ContactPhone::default()
    };
    for parameter in parameters {
        let (key, value) = parameter.split_once('=').unwrap_or(("type", parameter));
        if key.eq_ignore_ascii_case("waid") {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            phone.wa_id = Some(digits).filter(|digits| !digits.is_empty());
        } else if key.eq_ignore_ascii_case("type") {
            phone.kind = Some(unescaped(value).to_ascii_uppercase());
        }
    }
    phone
}

/// A value as it was before it was written into the card (RFC 6350, 3.4).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_of_whatsapp_has_its_names_and_numbers() {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Souza;Ana;;;\r\nFN:Ana\r\n  Souza\r\nORG:Loja \\; Filhos;Caixa\r\n\
             item1.TEL;type=CELL;waid=5519999990000:+55 19 99999-0000\r\nTEL;WORK:+55 11 3000-0000\r\n\
             EMAIL;type=HOME:ana@loja.example\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD";
        let card = card(text, None);
        assert_eq!(card.name.formatted.as_deref(), Some("Ana Souza"));
        assert_eq!(card.name.first.as_deref(), Some("Ana"));
        assert_eq!(card.name.last.as_deref(), Some("Souza"));
        assert_eq!(card.emails, ["ana@loja.example"]);
        let [cell, work] = &card.phones[..] else {
            panic!("two numbers")
        };
        assert_eq!(cell.phone.as_deref(), Some("+55 19 99999-0000"));
        assert_eq!(cell.wa_id.as_deref(), Some("5519999990000"));
        assert_eq!(cell.kind.as_deref(), Some("CELL"));
        assert_eq!(
            (work.wa_id.as_deref(), work.kind.as_deref()),
            (None, Some("WORK"))
        );
        assert_eq!(card.vcard.as_deref(), Some(text));
    }

    #[test]
    fn a_card_that_is_too_long_is_read_as_far_as_it_is_kept_and_no_card_is_empty() {
        let long = format!("FN:Ana\nPHOTO:{}\nTEL:1", "A".repeat(MAX_BYTES));
        let read = card(&long, None);
        assert_eq!(read.name.formatted.as_deref(), Some("Ana"));
        assert!(read.phones.is_empty() && read.vcard.is_none());
        assert_eq!(card("", None), ContactCard::default());
        assert_eq!(
            card("TEL", Some("Rita".into())).name.formatted.as_deref(),
            Some("Rita")
        );
    }
}
