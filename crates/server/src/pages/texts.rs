//! Every sentence of the pages, in each language. A text that lacks a translation does not compile.

/// The sentences of the pages in one language.
pub(crate) struct Texts {
    pub(super) language: &'static str,
    pub(super) docs_title: &'static str,
    pub(super) docs_operations: &'static str,
    pub(super) docs_need_script: &'static str,
}

pub(super) const PORTUGUESE: Texts = Texts {
    language: "Idioma",
    docs_title: "API do Recado",
    docs_operations: "Operações",
    docs_need_script: "Para ver e testar as operações aqui, ative o JavaScript. Elas também estão em",
};

pub(super) const ENGLISH: Texts = Texts {
    language: "Language",
    docs_title: "Recado API",
    docs_operations: "Operations",
    docs_need_script: "Turn JavaScript on to read and try the operations here. They are also in",
};
