//! The parts that all interactive messages share: header, body and footer.

use super::meaning::{length, newlines};
use super::{errors::GraphError, node::Node};

pub(super) struct Parts {
    header: Option<Header>,
    pub(super) body: String,
    pub(super) footer: Option<String>,
}

enum Header {
    Text(Option<String>),
    Media {
        id: Option<String>,
        link: Option<String>,
        has_caption: bool,
    },
}

impl Parts {
    pub(super) fn read(interactive: &Node<'_>) -> Result<Self, GraphError> {
        let header = interactive.optional_object("header")?;
        let header = header.as_ref().map(Header::read).transpose()?;
        // Without a body, Graph names the text that is missing in it.
        let Some(body) = interactive.optional_object("body")? else {
            return Err(GraphError::required("interactive['body']['text']"));
        };
        let body = body.text("text")?.to_owned();
        let footer = match interactive.optional_object("footer")? {
            Some(footer) => footer.optional_text("text")?.map(str::to_owned),
            None => None,
        };
        Ok(Self {
            header,
            body,
            footer,
        })
    }

    pub(super) fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        if let Some(header) = &self.header {
            header.check(strict_newlines)?;
        }
        length("Body text", &self.body, 1..=1024)?;
        length(
            "Footer text",
            self.footer.as_deref().unwrap_or_default(),
            0..=60,
        )
    }

    pub(super) fn has_media_header(&self) -> bool {
        matches!(self.header, Some(Header::Media { .. }))
    }

    pub(super) fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Takes the header as the phone shows it.
    pub(super) fn take_header(&mut self) -> Option<String> {
        match self.header.take()? {
            Header::Text(text) => text,
            Header::Media { id, link, .. } => link.or(id),
        }
    }
}

impl Header {
    fn read(header: &Node<'_>) -> Result<Self, GraphError> {
        let kind = header.word("type", "text image video document")?;
        if kind == "text" {
            let text = header.optional_text("text")?;
            return Ok(Self::Text(text.map(str::to_owned)));
        }
        let media = header.object(kind)?;
        Ok(Self::Media {
            id: media.optional_text("id")?.map(str::to_owned),
            link: media.optional_text("link")?.map(str::to_owned),
            has_caption: media.contains("caption"),
        })
    }

    fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        // The rules for media are Meta's or an SDK's, their wording is invented.
        let problem = match self {
            Self::Text(None) => return Err(GraphError::header_text_missing()),
            Self::Text(Some(text)) => {
                // The wording is inferred from that of the body.
                length("Header text", text, 1..=60)?;
                return newlines("Header text", text, strict_newlines);
            }
            Self::Media {
                has_caption: true, ..
            } => "Caption is not allowed in a header",
            Self::Media { id, link, .. } if id.is_some() == link.is_some() => {
                "Media must have exactly one of id and link"
            }
            Self::Media {
                link: Some(link), ..
            } if !link.starts_with("https://") => "Media link must be a public HTTPS URL",
            Self::Media { .. } => return Ok(()),
        };
        Err(GraphError::invalid_value(problem))
    }
}
