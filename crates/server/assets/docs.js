// Starts Swagger UI on /docs, without its own header: the page has one.

// The dark colours of Swagger UI hang on a class.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followTheme);
followTheme();

// Swagger UI leaves some of its controls without a name, names others unlike what they show, and puts
// examples that scroll out of the keyboard's reach.
const root = document.getElementById("swagger-ui");
const unnamed = (selector) => root.querySelectorAll(`:is(${selector}):not([aria-label])`);
const mend = () => {
  for (const field of unnamed("textarea, select, input:not([id])")) {
    const parameter = field.closest("[data-param-name]");
    field.ariaLabel = parameter ? parameter.dataset.paramName : "Request body";
  }
  for (const field of root.querySelectorAll(".auth-container input")) {
    field.ariaLabel = field.closest(".auth-container").querySelector("h4 code").textContent;
  }
  for (const button of unnamed(".copy-to-clipboard button")) {
    button.ariaLabel = "Copy";
  }
  for (const button of unnamed(".close-modal")) {
    button.ariaLabel = "Close";
  }
  for (const button of root.querySelectorAll(".modal-btn[aria-label]")) {
    button.ariaLabel = null;
  }
  for (const example of root.querySelectorAll("pre.microlight:not([tabindex])")) {
    example.tabIndex = 0;
  }
};
new MutationObserver(mend).observe(root, { childList: true, subtree: true });

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [
    () => ({
      components: {
        // The page has an introduction of its own.
        InfoContainer: () => null,
        // A link inside of the button that opens an operation cannot be reached by keyboard.
        DeepLink: ({ text }) => text,
      },
    }),
  ],
  layout: "BaseLayout",
});
