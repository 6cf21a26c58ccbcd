"""Addresses of pages and of the REST API."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views import defaults

from devices.api import (
    accounts,
    audit,
    docs,
    jobs,
    networks,
    places,
    products,
    profiles,
    scans,
    sessions,
    tokens,
)
from devices.api.findings import Dismiss, FindingDetail, FindingList
from devices.api.paths import children, endpoint, resource
from devices.api.problems import problem
from devices.api.views import NoSuchPath
from t3000.api import (
    alarms,
    commands,
    devices,
    graphics,
    holidays,
    monitors,
    others,
    panel_settings,
    panel_users,
    pid_loops,
    points,
    priorities,
    programs,
    root,
    schedules,
    service,
    tables,
    tags,
    time_bases,
    values,
    writes,
)
from t3000.api.findings import Approve
from t3000.health import healthz
from t3000.views.account import (
    account,
    change_password,
    end_other_sessions,
    end_session,
    make_token,
    revoke_token,
)
from t3000.views.accounts import account_list, end_sessions
from t3000.views.accounts import add as add_account
from t3000.views.accounts import delete as delete_account
from t3000.views.accounts import edit as edit_account
from t3000.views.accounts import revoke_token as revoke_account_token
from t3000.views.changes import changes
from t3000.views.devices import device, device_list, discover, save_profile
from t3000.views.networks import add_network, edit_network
from t3000.views.overview import overview
from t3000.views.priority_rows import read_priorities
from t3000.views.searches import decide, network, search
from t3000.views.sign_in import SignIn, SignOut
from t3000.views.write import write

API = "api/t3000"


api_patterns = [
    *endpoint(API, root.Root, "api-root"),
    *resource(f"{API}/sites", places.Sites, "api-sites"),
    *resource(f"{API}/buildings", places.Buildings, "api-buildings"),
    *resource(f"{API}/floors", places.Floors, "api-floors"),
    *resource(f"{API}/rooms", places.Rooms, "api-rooms"),
    *resource(f"{API}/networks", networks.Networks, "api-networks"),
    *children(f"{API}/buildings/<int:pk>/floors", places.Floors, "api-building-floors", "building"),
    *children(f"{API}/floors/<int:pk>/rooms", places.Rooms, "api-floor-rooms", "floor"),
    *resource(f"{API}/devices", devices.Devices, "api-devices"),
    *endpoint(f"{API}/devices/<int:pk>/status", devices.DeviceStatus, "api-device-status"),
    *endpoint(f"{API}/devices/<int:pk>/export", devices.DeviceExport, "api-device-export"),
    *resource(f"{API}/product-models", products.ProductModels, "api-product-models"),
    *resource(f"{API}/boards", products.Boards, "api-boards"),
    *resource(f"{API}/time-bases", time_bases.TimeBases, "api-time-bases"),
    *endpoint(f"{API}/devices/discover", jobs.Discover, "api-discover"),
    *endpoint(f"{API}/devices/<int:pk>/profile", profiles.Profile, "api-device-profile"),
    *endpoint(f"{API}/devices/<int:pk>/objects", profiles.ObjectList, "api-device-objects"),
    *endpoint(f"{API}/scans", scans.ScanList, "api-scans"),
    *endpoint(f"{API}/scans/<int:pk>", scans.ScanDetail, "api-scan"),
    *endpoint(f"{API}/scans/<int:pk>/steps", scans.StepList, "api-scan-steps"),
    *endpoint(f"{API}/findings", FindingList, "api-findings"),
    *endpoint(f"{API}/findings/<int:pk>", FindingDetail, "api-finding"),
    *endpoint(f"{API}/findings/approve", Approve, "api-findings-approve"),
    *endpoint(f"{API}/findings/dismiss", Dismiss, "api-findings-dismiss"),
    *endpoint(f"{API}/jobs", jobs.JobList, "api-jobs"),
    *endpoint(f"{API}/jobs/<int:pk>", jobs.JobDetail, "api-job"),
    *resource(f"{API}/points", points.Points, "api-points"),
    *children(f"{API}/devices/<int:pk>/points", points.Points, "api-device-points", "device"),
    *endpoint(f"{API}/points/<int:pk>/value", values.PointValue, "api-point-value"),
    *endpoint(f"{API}/points/<int:pk>/out-of-service", service.OutOfService, "api-point-service"),
    *endpoint(
        f"{API}/points/<int:pk>/priorities", priorities.PriorityArrayView, "api-point-priorities"
    ),
    *resource(f"{API}/programs", programs.Programs, "api-programs"),
    *endpoint(f"{API}/programs/<int:pk>/versions", programs.VersionList, "api-program-versions"),
    *endpoint(
        f"{API}/programs/<int:pk>/versions/<int:number>",
        programs.VersionDetail,
        "api-program-version",
    ),
    *resource(f"{API}/pid-loops", pid_loops.PidLoops, "api-pid-loops"),
    *resource(f"{API}/graphics", graphics.Graphics, "api-graphics"),
    *resource(f"{API}/graphic-labels", graphics.GraphicLabels, "api-graphic-labels"),
    *resource(f"{API}/alarms", alarms.Alarms, "api-alarms"),
    *resource(f"{API}/alarm-settings", alarms.AlarmSettings, "api-alarm-settings"),
    *resource(f"{API}/arrays", tables.Arrays, "api-arrays"),
    *resource(f"{API}/tables", tables.Tables, "api-tables"),
    *resource(f"{API}/units", tables.Units, "api-units"),
    *resource(f"{API}/tags", tags.Tags, "api-tags"),
    *resource(f"{API}/schedules", schedules.Schedules, "api-schedules"),
    *resource(f"{API}/holidays", holidays.Holidays, "api-holidays"),
    *resource(f"{API}/tstat-schedules", others.TstatSchedules, "api-tstat-schedules"),
    *resource(f"{API}/monitors", monitors.Monitors, "api-monitors"),
    *resource(f"{API}/remote-points", others.RemotePoints, "api-remote-points"),
    *resource(f"{API}/remote-devices", others.RemoteDevices, "api-remote-devices"),
    *resource(f"{API}/expansion-io", others.ExpansionIos, "api-expansion-io"),
    *resource(f"{API}/users", panel_users.PanelUsers, "api-panel-users"),
    *resource(f"{API}/email-alarms", panel_users.EmailAlarms, "api-email-alarms"),
    *endpoint(f"{API}/devices/<int:pk>/settings", panel_settings.Settings, "api-settings"),
    *endpoint(f"{API}/commands", commands.CommandList, "api-commands"),
    *endpoint(f"{API}/commands/bulk", writes.CommandBulk, "api-commands-bulk"),
    *endpoint(f"{API}/commands/<int:pk>", commands.CommandDetail, "api-command"),
    *endpoint(f"{API}/accounts", accounts.AccountList, "api-accounts"),
    *endpoint(f"{API}/accounts/<int:pk>", accounts.AccountDetail, "api-account"),
    *endpoint(
        f"{API}/accounts/<int:pk>/sessions", sessions.AccountSessions, "api-account-sessions"
    ),
    *endpoint(f"{API}/sessions/<int:pk>", sessions.SessionDetail, "api-session"),
    *endpoint(f"{API}/tokens", tokens.TokenList, "api-tokens"),
    *endpoint(f"{API}/tokens/<int:pk>", tokens.TokenDetail, "api-token"),
    *endpoint(f"{API}/audit", audit.AuditList, "api-audit"),
    *endpoint(f"{API}/audit/<int:pk>", audit.AuditDetail, "api-audit-entry"),
    *endpoint("api/schema", docs.SchemaView, "api-schema"),
    path("api/docs", docs.page),
    path("api/docs/", docs.page, name="api-docs"),
    re_path(r"^api(?:/.*)?$", NoSuchPath.as_view(), name="api-nothing"),
]

urlpatterns = [
    path("", overview, name="overview"),
    path("devices/", device_list, name="device-list"),
    path("devices/discover", discover, name="discover"),
    path("devices/<int:device_id>/", device, name="device"),
    path("devices/<int:device_id>/<slug:tab>/", device, name="device-tab"),
    path("devices/<int:device_id>/profile", save_profile, name="device-profile"),
    path("points/<int:point_id>/write", write, name="point-write"),
    path("points/<int:point_id>/priorities", read_priorities, name="point-priorities"),
    path("networks/new", add_network, name="network-new"),
    path("networks/<int:network_id>/", network, name="network"),
    path("networks/<int:network_id>/edit", edit_network, name="network-edit"),
    path("networks/<int:network_id>/search", search, name="network-search"),
    path("networks/<int:network_id>/findings", decide, name="network-decide"),
    path("account/", account, name="account"),
    path("account/password", change_password, name="account-password"),
    path("account/sessions/end-others", end_other_sessions, name="account-end-others"),
    path("account/sessions/<int:session_id>/end", end_session, name="account-end-session"),
    path("account/tokens", make_token, name="account-make-token"),
    path("account/tokens/<int:token_id>/revoke", revoke_token, name="account-revoke-token"),
    path("accounts/", account_list, name="accounts"),
    path("accounts/new", add_account, name="accounts-new"),
    path("accounts/<int:user_id>/", edit_account, name="accounts-edit"),
    path("accounts/<int:user_id>/delete", delete_account, name="accounts-delete"),
    path("accounts/<int:user_id>/end-sessions", end_sessions, name="accounts-end-sessions"),
    path("accounts/<int:user_id>/revoke-token", revoke_account_token, name="accounts-revoke-token"),
    path("changes/", changes, name="changes"),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", SignOut.as_view(), name="logout"),
    path("healthz", healthz, name="healthz"),
    *api_patterns,
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem(request, 400, "The request is malformed, or its Host is not ours.")
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problem(request, 404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest, *args: Any) -> HttpResponse:
    if _is_api(request):
        return problem(request, 500, "The server failed; its log says more.")
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
