//! The pages in a real Chromium: on a telephone and a computer, in both languages and both themes.

mod docs;
