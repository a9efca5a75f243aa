//! Every sentence of the pages, in each language. A text that lacks a translation does not compile.

use recado_core::access::Role;

type Text = &'static str;

/// Defines the texts, one row for each: its name, and what it says in Portuguese and in English.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $portuguese:expr, $english:expr;)+) => {
        /// The sentences of the pages in one language.
        pub(crate) struct Texts {
            $($(#[$doc])* pub(super) $name: $type,)+
        }

        pub(super) const PORTUGUESE: Texts = Texts {
            $($name: $portuguese,)+
        };

        pub(super) const ENGLISH: Texts = Texts {
            $($name: $english,)+
        };
    };
}

texts! {
    language: Text = "Idioma", "Language";
    /// Stands before the title of a page that shows a problem.
    error: Text = "Erro", "Error";
    sign_in: Text = "Entrar", "Sign in";
    sign_out: Text = "Sair", "Sign out";
    email: Text = "E-mail", "E-mail";
    password: Text = "Senha", "Password";
    organization: Text = "Organização", "Organization";
    several_organizations: Text =
        "Tenho conta em mais de uma organização",
        "I have accounts in several organizations";
    organization_hint: Text =
        "O identificador da organização em que você quer entrar.",
        "The id of the organization that you want to sign in to.";
    forgotten: Text =
        "Esqueceu a senha? Peça um novo link a quem administra a sua organização.",
        "Forgot your password? Ask an owner of your organization for a new link.";
    password_set: Text =
        "Senha definida. Agora entre com ela.",
        "Your password is set. Sign in with it now.";
    signed_out: Text = "Você saiu da sua conta.", "You have signed out.";
    email_expected: Text =
        "Informe o seu e-mail, como ana@exemplo.com.br.",
        "Enter your e-mail, such as ana@example.com.";
    password_expected: Text = "Informe a sua senha.", "Enter your password.";
    wrong: Text = "E-mail ou senha incorretos.", "The e-mail or the password is wrong.";
    /// Takes the minutes to wait.
    too_many_attempts: fn(u64) -> String = |minutes| match minutes {
        1 => "Muitas tentativas. Tente de novo em 1 minuto.".to_owned(),
        _ => format!("Muitas tentativas. Tente de novo em {minutes} minutos."),
    }, |minutes| match minutes {
        1 => "Too many attempts. Try again in 1 minute.".to_owned(),
        _ => format!("Too many attempts. Try again in {minutes} minutes."),
    };
    set_password: Text = "Definir senha", "Set password";
    new_password: Text = "Nova senha", "New password";
    repeated_password: Text = "Repita a nova senha", "Repeat the new password";
    /// Takes the bounds of a password's length.
    password_hint: fn(usize, usize) -> String =
        |least, most| format!("De {least} a {most} caracteres. Uma frase longa é fácil de lembrar."),
        |least, most| format!("{least} to {most} characters. A long phrase is easy to remember.");
    password_length: fn(usize, usize) -> String =
        |least, most| format!("A senha precisa ter de {least} a {most} caracteres."),
        |least, most| format!("The password needs {least} to {most} characters.");
    passwords_differ: Text =
        "As duas senhas não são iguais.",
        "The two passwords are not the same.";
    link_ended: Text = "Este link não vale mais", "This link no longer works";
    link_ended_hint: Text =
        "Cada link vale por um dia e só pode ser usado uma vez. Peça um novo a quem administra a sua organização.",
        "Each link works for one day and can be used once. Ask an owner of your organization for a new one.";
    /// Stands before the name of a person.
    hello: Text = "Olá", "Hello";
    role: Text = "Perfil", "Role";
    role_name: fn(Role) -> Text = |role| match role {
        Role::Owner => "Administrador: vê, envia e administra",
        Role::Agent => "Atendente: vê e envia",
        Role::Viewer => "Leitor: vê",
    }, |role| match role {
        Role::Owner => "Owner: reads, sends and manages",
        Role::Agent => "Agent: reads and sends",
        Role::Viewer => "Viewer: reads",
    };
    account: Text = "Sua conta", "Your account";
    api_documentation: Text = "Documentação da API", "API documentation";
    problem: Text = "Algo deu errado", "Something went wrong";
    problem_forbidden: Text =
        "O navegador disse que este pedido veio de outro site. Abra a página de novo e tente outra vez.",
        "The browser said that this request came from another site. Open the page again and try once more.";
    problem_unavailable: Text =
        "O Recado não consegue responder agora. Tente de novo em alguns instantes.",
        "Recado cannot answer at the moment. Try again shortly.";
    problem_other: Text =
        "O Recado não conseguiu atender ao seu pedido. Tente de novo; se continuar, avise quem cuida deste servidor.",
        "Recado could not do what you asked. Try again; if it keeps failing, tell the operator of this server.";
    request_id: Text = "Código do pedido", "Request id";
    docs_title: Text = "API do Recado", "Recado API";
    docs_operations: Text = "Operações", "Operations";
    docs_need_script: Text =
        "Para ver e testar as operações aqui, ative o JavaScript. Elas também estão em",
        "Turn JavaScript on to read and try the operations here. They are also in";
}
