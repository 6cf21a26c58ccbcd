// The REST API as pages that can be tried out, by Swagger UI, which stands beside this script.
//
//   <main id="api-docs" data-schema="/api/schema" data-csrf="..."></main>

const { schema, csrf } = document.getElementById("api-docs").dataset;

const page = document.documentElement; // theme.js says there which theme it is
const showTheme = () => page.classList.toggle("dark-mode", page.dataset.bsTheme === "dark");
new MutationObserver(showTheme).observe(page, { attributeFilter: ["data-bs-theme"] });
showTheme();

SwaggerUIBundle({
  url: schema,
  dom_id: "#api-docs",
  deepLinking: true,
  validatorUrl: null, // nothing leaves this host
  requestInterceptor(request) {
    const isOurs = new URL(request.url, location.href).origin === location.origin;
    // The session is enough to try things out.
    if (isOurs && request.method === "POST") request.headers["X-CSRFToken"] = csrf;
    return request;
  },
});
