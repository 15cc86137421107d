CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
CREATE TABLE public.auditlog_logentry (
    id integer NOT NULL,
    object_pk character varying(255) NOT NULL,
    object_id bigint,
    object_repr text NOT NULL,
    action smallint NOT NULL,
    changes jsonb,
    "timestamp" timestamp with time zone NOT NULL,
    actor_id uuid,
    content_type_id integer NOT NULL,
    remote_addr inet,
    additional_data jsonb,
    serialized_data jsonb,
    cid character varying(255),
    changes_text text NOT NULL,
    remote_port integer,
    actor_email character varying(254),
    CONSTRAINT auditlog_logentry_action_check CHECK ((action >= 0)),
    CONSTRAINT auditlog_logentry_remote_port_check CHECK ((remote_port >= 0))
);
CREATE FUNCTION public.youworker_audit_append(entry public.auditlog_logentry) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    number bigint;
    before text;
    moment timestamptz;
BEGIN
    -- Held until the commit is visible, so that the next one sees this link as the head.
    PERFORM pg_advisory_xact_lock(hashtextextended('youworker.audit', 0));
    moment := clock_timestamp();
    SELECT seq, hash INTO number, before FROM common_auditlink ORDER BY seq DESC LIMIT 1;
    number := coalesce(number, 0) + 1;
    before := coalesce(before, repeat('0', 64));
    INSERT INTO common_auditlink (seq, entry_id, previous, hash, linked_at)
    VALUES (
        number, entry.id, before, youworker_audit_hash(before, number, moment, entry), moment
    );
END
$$;
CREATE FUNCTION public.youworker_audit_field(value text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(octet_length(convert_to(value, 'UTF8'))::text || ':' || value, '-') || ','
$$;
CREATE FUNCTION public.youworker_audit_hash(previous text, seq bigint, linked_at timestamp with time zone, entry public.auditlog_logentry) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT encode(sha256(convert_to(
        youworker_audit_field(previous)
        || youworker_audit_field(seq::text)
        || youworker_audit_field(youworker_audit_time(linked_at))
        || youworker_audit_field(entry.id::text)
        || youworker_audit_field(entry.content_type_id::text)
        || youworker_audit_field(entry.object_pk)
        || youworker_audit_field(entry.object_id::text)
        || youworker_audit_field(entry.object_repr)
        || youworker_audit_field(entry.serialized_data::text)
        || youworker_audit_field(entry.action::text)
        || youworker_audit_field(entry.changes_text)
        || youworker_audit_field(entry.changes::text)
        || youworker_audit_field(entry.cid)
        || youworker_audit_field(entry.remote_addr::text)
        || youworker_audit_field(entry.remote_port::text)
        || youworker_audit_field(youworker_audit_time(entry."timestamp"))
        || youworker_audit_field(entry.additional_data::text)
        || youworker_audit_field(entry.actor_email),
    'UTF8')), 'hex')
$$;
CREATE FUNCTION public.youworker_audit_link() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    entry auditlog_logentry;
BEGIN
    DELETE FROM common_auditpending WHERE entry_id = NEW.entry_id;
    SELECT * INTO entry FROM auditlog_logentry WHERE id = NEW.entry_id;
    -- Not there: written and taken back within one transaction.
    IF FOUND THEN
        PERFORM youworker_audit_append(entry);
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION public.youworker_audit_queue() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO common_auditpending (entry_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE FUNCTION public.youworker_audit_time(value timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT to_char(value AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
$$;
CREATE FUNCTION public.youworker_usage_event_is_final() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'usage events are not changed';
END
$$;
CREATE FUNCTION public.youworker_webhooks_announce(told text, said jsonb, moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM webhooks_endpoint
        WHERE state <> 'gone' AND (told = ANY (actions) OR '*' = ANY (actions))
    ) THEN
        INSERT INTO webhooks_event (id, action, data, created_at, distributed)
        VALUES (gen_random_uuid(), left(told, 64), said, moment, false);
    END IF;
END
$$;
CREATE FUNCTION public.youworker_webhooks_audited() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM youworker_webhooks_announce(
        NEW.additional_data ->> 'action',
        jsonb_build_object(
            'audit_id', NEW.id,
            'result', NEW.additional_data -> 'result',
            'actor_id', NEW.additional_data -> 'actor',
            'api_key_id', NEW.additional_data -> 'key',
            'object_type', NEW.object_repr,
            'object_id', NEW.object_pk,
            'network_address', host(NEW.remote_addr),
            'correlation_id', NEW.cid,
            'details', NEW.additional_data - ARRAY['action', 'result', 'actor', 'key']
        ),
        NEW."timestamp"
    );
    RETURN NULL;
END
$$;
CREATE FUNCTION public.youworker_webhooks_run_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM youworker_webhooks_announce(
        'run.end',
        jsonb_build_object(
            'run_id', NEW.id,
            'session_id', NEW.session_id,
            'user_id', NEW.user_id,
            'message_id', NEW.answer_id,
            'api_key_id', NEW.api_key_id,
            'status', NEW.status,
            'error_code', NEW.error_code,
            'model', NEW.model,
            'tokens_in', NEW.tokens_in,
            'tokens_out', NEW.tokens_out,
            'correlation_id', nullif(NEW.correlation_id, '')
        ),
        clock_timestamp()
    );
    RETURN NULL;
END
$$;
CREATE TABLE public.accounts_apikey (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(100) NOT NULL,
    prefix character varying(16) NOT NULL,
    digest character varying(64) NOT NULL,
    scopes character varying(32)[] NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    user_id uuid NOT NULL,
    allowed_networks character varying(43)[] NOT NULL,
    rotated_at timestamp with time zone
);
CREATE TABLE public.accounts_authenticator (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    kind character varying(16) NOT NULL,
    secret text NOT NULL,
    last_step bigint NOT NULL,
    last_used_at timestamp with time zone,
    user_id uuid NOT NULL
);
CREATE TABLE public.accounts_dataexport (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    finished_at timestamp with time zone,
    error_code character varying(64) NOT NULL,
    status character varying(16) NOT NULL,
    expires_at timestamp with time zone,
    bytes bigint NOT NULL,
    user_id uuid NOT NULL,
    lease_suspected_at timestamp with time zone,
    CONSTRAINT accounts_dataexport_attempts_check CHECK ((attempts >= 0))
);
CREATE TABLE public.accounts_erasure (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    finished_at timestamp with time zone,
    error_code character varying(64) NOT NULL,
    subject uuid NOT NULL,
    status character varying(16) NOT NULL,
    shared_documents character varying(16) NOT NULL,
    lease_suspected_at timestamp with time zone,
    CONSTRAINT accounts_erasure_attempts_check CHECK ((attempts >= 0))
);
CREATE TABLE public.accounts_linkedidentity (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    issuer character varying(200) NOT NULL,
    subject character varying(255) NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.accounts_privateaccess (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    kind character varying(16) NOT NULL,
    object_id uuid NOT NULL,
    title text NOT NULL,
    reason text NOT NULL,
    owner_id uuid NOT NULL,
    reader_id uuid
);
CREATE TABLE public.accounts_signin (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    method character varying(16) NOT NULL,
    address inet,
    user_agent character varying(200) NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    session_id character varying(40) NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.quotas_tokenusage (
    id bigint CONSTRAINT accounts_tokenusage_id_not_null NOT NULL,
    day date CONSTRAINT accounts_tokenusage_day_not_null NOT NULL,
    tokens_in bigint CONSTRAINT accounts_tokenusage_tokens_in_not_null NOT NULL,
    tokens_out bigint CONSTRAINT accounts_tokenusage_tokens_out_not_null NOT NULL,
    api_key_id uuid,
    user_id uuid CONSTRAINT accounts_tokenusage_user_id_not_null NOT NULL,
    CONSTRAINT accounts_tokenusage_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT accounts_tokenusage_tokens_out_check CHECK ((tokens_out >= 0))
);
ALTER TABLE public.quotas_tokenusage ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_tokenusage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_user (
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    display_name character varying(150) NOT NULL,
    language character varying(8) NOT NULL,
    time_zone character varying(64) NOT NULL
);
CREATE TABLE public.accounts_user_groups (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE public.accounts_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_user_user_permissions (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.accounts_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.analytics_usageday (
    day date NOT NULL,
    zone character varying(64) NOT NULL,
    runs bigint NOT NULL,
    failed_runs bigint NOT NULL,
    stopped_runs bigint NOT NULL,
    sessions bigint NOT NULL,
    searches bigint NOT NULL,
    active_users bigint NOT NULL,
    tokens_in bigint NOT NULL,
    tokens_out bigint NOT NULL,
    tool_calls bigint NOT NULL,
    failed_tool_calls bigint NOT NULL,
    tool_p50_ms bigint,
    tool_p95_ms bigint,
    files bigint NOT NULL,
    failed_files bigint NOT NULL,
    bytes bigint NOT NULL,
    CONSTRAINT analytics_usageday_active_users_check CHECK ((active_users >= 0)),
    CONSTRAINT analytics_usageday_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT analytics_usageday_failed_files_check CHECK ((failed_files >= 0)),
    CONSTRAINT analytics_usageday_failed_runs_check CHECK ((failed_runs >= 0)),
    CONSTRAINT analytics_usageday_failed_tool_calls_check CHECK ((failed_tool_calls >= 0)),
    CONSTRAINT analytics_usageday_files_check CHECK ((files >= 0)),
    CONSTRAINT analytics_usageday_runs_check CHECK ((runs >= 0)),
    CONSTRAINT analytics_usageday_searches_check CHECK ((searches >= 0)),
    CONSTRAINT analytics_usageday_sessions_check CHECK ((sessions >= 0)),
    CONSTRAINT analytics_usageday_stopped_runs_check CHECK ((stopped_runs >= 0)),
    CONSTRAINT analytics_usageday_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT analytics_usageday_tokens_out_check CHECK ((tokens_out >= 0)),
    CONSTRAINT analytics_usageday_tool_calls_check CHECK ((tool_calls >= 0)),
    CONSTRAINT analytics_usageday_tool_p50_ms_check CHECK ((tool_p50_ms >= 0)),
    CONSTRAINT analytics_usageday_tool_p95_ms_check CHECK ((tool_p95_ms >= 0))
);
ALTER TABLE public.auditlog_logentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auditlog_logentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.chat_answerevaluation (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    status character varying(16) NOT NULL,
    total integer NOT NULL,
    figures jsonb NOT NULL,
    losses integer NOT NULL,
    error text NOT NULL,
    finished_at timestamp with time zone,
    model character varying(200) NOT NULL,
    asker_id uuid NOT NULL,
    collection_id uuid
);
CREATE TABLE public.chat_attachment (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    "position" smallint NOT NULL,
    name character varying(500) NOT NULL,
    mime character varying(255) NOT NULL,
    document_id uuid,
    item_id uuid,
    message_id uuid NOT NULL,
    session_id uuid NOT NULL,
    tool_run_id uuid,
    CONSTRAINT chat_attachment_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.chat_citation (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    index integer NOT NULL,
    title character varying(500) NOT NULL,
    heading text NOT NULL,
    page integer,
    start integer NOT NULL,
    "end" integer NOT NULL,
    quote text NOT NULL,
    supported boolean NOT NULL,
    document_id uuid,
    passage_id uuid,
    message_id uuid NOT NULL,
    second integer,
    CONSTRAINT chat_citation_end_check CHECK (("end" >= 0)),
    CONSTRAINT chat_citation_index_check CHECK ((index >= 0)),
    CONSTRAINT chat_citation_page_check CHECK ((page >= 0)),
    CONSTRAINT chat_citation_second_check CHECK ((second >= 0)),
    CONSTRAINT chat_citation_start_check CHECK ((start >= 0))
);
CREATE TABLE public.chat_judgedanswer (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    kind character varying(16) NOT NULL,
    verdict character varying(16) NOT NULL,
    text text NOT NULL,
    sources text NOT NULL,
    is_right_document boolean NOT NULL,
    cited integer NOT NULL,
    supported integer NOT NULL,
    seconds double precision NOT NULL,
    question_id uuid NOT NULL,
    run_id uuid NOT NULL
);
CREATE TABLE public.chat_message (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    role character varying(16) NOT NULL,
    content text NOT NULL,
    reasoning text NOT NULL,
    model character varying(200) NOT NULL,
    tokens_in integer NOT NULL,
    tokens_out integer NOT NULL,
    rating smallint NOT NULL,
    comment text NOT NULL,
    parent_id uuid,
    run_id uuid,
    session_id uuid NOT NULL,
    unsupported jsonb NOT NULL,
    tainted boolean NOT NULL,
    CONSTRAINT chat_message_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT chat_message_tokens_out_check CHECK ((tokens_out >= 0))
);
CREATE TABLE public.chat_modelcall (
    id uuid NOT NULL,
    endpoint character varying(255) NOT NULL,
    kind character varying(16) NOT NULL,
    process uuid NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE public.chat_modelserver (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(120) NOT NULL,
    url character varying(500) NOT NULL,
    address character varying(255) NOT NULL,
    key text NOT NULL,
    is_configured boolean NOT NULL,
    "position" smallint NOT NULL,
    enabled boolean NOT NULL,
    max_runs integer,
    context_tokens integer,
    kind character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    last_error character varying(500) NOT NULL,
    latency_ms integer,
    checked_at timestamp with time zone,
    told_runs integer,
    CONSTRAINT chat_modelserver_context_tokens_check CHECK ((context_tokens >= 0)),
    CONSTRAINT chat_modelserver_latency_ms_check CHECK ((latency_ms >= 0)),
    CONSTRAINT chat_modelserver_max_runs_check CHECK ((max_runs >= 0)),
    CONSTRAINT chat_modelserver_position_check CHECK (("position" >= 0)),
    CONSTRAINT chat_modelserver_told_runs_check CHECK ((told_runs >= 0))
);
CREATE TABLE public.chat_run (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status character varying(20) NOT NULL,
    model character varying(200) NOT NULL,
    options jsonb NOT NULL,
    lease_until timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    iterations integer NOT NULL,
    tokens_in integer NOT NULL,
    tokens_out integer NOT NULL,
    ttft_ms integer,
    error_code character varying(64) NOT NULL,
    error_detail text NOT NULL,
    correlation_id character varying(64) NOT NULL,
    answer_id uuid,
    question_id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    api_key_id uuid,
    stop_requested_at timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    lease_token uuid,
    state text,
    takeovers smallint NOT NULL,
    endpoint character varying(255) NOT NULL,
    thread character varying(64) NOT NULL,
    CONSTRAINT chat_run_iterations_check CHECK ((iterations >= 0)),
    CONSTRAINT chat_run_takeovers_check CHECK ((takeovers >= 0)),
    CONSTRAINT chat_run_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT chat_run_tokens_out_check CHECK ((tokens_out >= 0)),
    CONSTRAINT chat_run_ttft_ms_check CHECK ((ttft_ms >= 0))
);
CREATE TABLE public.chat_servedmodel (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(200) NOT NULL,
    tools boolean,
    reasoning boolean,
    vision boolean,
    context_tokens integer,
    context_assumed boolean NOT NULL,
    longest_context integer,
    tokens_per_second double precision,
    first_token_ms integer,
    error character varying(500) NOT NULL,
    checked_at timestamp with time zone,
    probed_at timestamp with time zone,
    server_id uuid NOT NULL,
    CONSTRAINT chat_servedmodel_context_tokens_check CHECK ((context_tokens >= 0)),
    CONSTRAINT chat_servedmodel_first_token_ms_check CHECK ((first_token_ms >= 0)),
    CONSTRAINT chat_servedmodel_longest_context_check CHECK ((longest_context >= 0))
);
CREATE TABLE public.chat_session (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    title text NOT NULL,
    model character varying(200) NOT NULL,
    enable_tools boolean NOT NULL,
    enable_web boolean NOT NULL,
    language character varying(8) NOT NULL,
    active_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone,
    user_id uuid NOT NULL,
    leaf uuid,
    limited boolean NOT NULL,
    origin character varying(16) NOT NULL,
    awaits_title boolean NOT NULL,
    system_prompt text NOT NULL
);
CREATE TABLE public.chat_session_collections (
    id bigint NOT NULL,
    session_id uuid NOT NULL,
    collection_id uuid NOT NULL
);
ALTER TABLE public.chat_session_collections ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.chat_session_collections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.chat_sessioncollection (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    collection_id uuid NOT NULL,
    session_id uuid,
    user_id uuid NOT NULL
);
CREATE TABLE public.chat_summary (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    model character varying(200) NOT NULL,
    messages integer NOT NULL,
    content text NOT NULL,
    tokens_in integer NOT NULL,
    tokens_out integer NOT NULL,
    session_id uuid NOT NULL,
    upto_id uuid NOT NULL,
    CONSTRAINT chat_summary_messages_check CHECK ((messages >= 0)),
    CONSTRAINT chat_summary_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT chat_summary_tokens_out_check CHECK ((tokens_out >= 0))
);
CREATE TABLE public.chat_systemprompt (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    content text NOT NULL,
    is_only boolean NOT NULL
);
CREATE TABLE public.chat_toolgrant (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    tool_edition integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    session_id uuid,
    tool_id uuid NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT chat_toolgrant_tool_edition_check CHECK ((tool_edition >= 0))
);
CREATE TABLE public.chat_toolrun (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    tool_name character varying(300) NOT NULL,
    status character varying(16) NOT NULL,
    latency_ms integer,
    arguments text NOT NULL,
    result_preview text NOT NULL,
    error text NOT NULL,
    message_id uuid,
    run_id uuid,
    session_id uuid,
    tool_id uuid,
    user_id uuid NOT NULL,
    decided_at timestamp with time zone,
    decision character varying(16) NOT NULL,
    decided_by_id uuid,
    form_hash character varying(64) NOT NULL,
    reason character varying(16) NOT NULL,
    error_code character varying(64) DEFAULT ''::character varying NOT NULL,
    error_words text,
    CONSTRAINT chat_toolrun_latency_ms_check CHECK ((latency_ms >= 0))
);
CREATE TABLE public.common_auditcheckpoint (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    key character varying(16) NOT NULL,
    mac character varying(64) NOT NULL
);
ALTER TABLE public.common_auditcheckpoint ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.common_auditcheckpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.common_auditlink (
    seq bigint NOT NULL,
    entry_id bigint NOT NULL,
    previous character varying(64) NOT NULL,
    hash character varying(64) NOT NULL,
    linked_at timestamp with time zone NOT NULL
);
CREATE UNLOGGED TABLE public.common_auditpending (
    entry_id bigint NOT NULL
);
CREATE TABLE public.common_idempotentrequest (
    id bigint NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    user_id uuid NOT NULL
);
ALTER TABLE public.common_idempotentrequest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.common_idempotentrequest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.common_keyfingerprint (
    fingerprint character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);
CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id uuid NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE public.documents_collection (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    name character varying(120) NOT NULL,
    description text NOT NULL,
    is_default boolean NOT NULL,
    owner_id uuid NOT NULL,
    is_private boolean NOT NULL
);
CREATE TABLE public.documents_collectionshare (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    access character varying(8) NOT NULL,
    collection_id uuid NOT NULL,
    group_id uuid NOT NULL
);
CREATE TABLE public.documents_document (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    title character varying(500) NOT NULL,
    renamed boolean NOT NULL,
    uri text NOT NULL,
    mime character varying(255) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    path_hash character varying(64) NOT NULL,
    status character varying(16) NOT NULL,
    language character varying(16) NOT NULL,
    text_config character varying(32) NOT NULL,
    pages integer,
    passage_count integer NOT NULL,
    collection_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    stored_file_id character varying(64),
    index_version smallint NOT NULL,
    language_chosen boolean NOT NULL,
    version integer NOT NULL,
    version_since timestamp with time zone
);
CREATE TABLE public.documents_document_tags (
    id bigint NOT NULL,
    document_id uuid NOT NULL,
    tag_id uuid NOT NULL
);
ALTER TABLE public.documents_document_tags ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.documents_document_tags_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.documents_documentshare (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    document_id uuid NOT NULL,
    group_id uuid NOT NULL
);
CREATE TABLE public.documents_documentversion (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    number integer NOT NULL,
    since timestamp with time zone NOT NULL,
    title character varying(500) NOT NULL,
    uri text NOT NULL,
    mime character varying(255) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    language character varying(16) NOT NULL,
    pages integer,
    passage_count integer NOT NULL,
    document_id uuid NOT NULL,
    stored_file_id character varying(64)
);
CREATE TABLE public.documents_embeddingmodel (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    provider character varying(16) NOT NULL,
    name character varying(200) NOT NULL,
    dimensions integer NOT NULL,
    active boolean NOT NULL,
    error text NOT NULL,
    failures integer NOT NULL,
    lease_suspected_at timestamp with time zone,
    lease_token uuid,
    lease_until timestamp with time zone,
    state character varying(16) NOT NULL,
    passage_prompt character varying(500) NOT NULL,
    query_prompt character varying(500) NOT NULL,
    active_until timestamp with time zone
);
CREATE TABLE public.documents_embeddingtask (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    priority smallint NOT NULL,
    lane integer NOT NULL,
    turn bigint NOT NULL,
    state character varying(16) NOT NULL,
    failures integer NOT NULL,
    losses integer NOT NULL,
    error_code character varying(64) NOT NULL,
    error_detail text NOT NULL,
    document_id uuid NOT NULL,
    model_id uuid NOT NULL
);
CREATE TABLE public.documents_evaluationresult (
    id bigint NOT NULL,
    language character varying(16) NOT NULL,
    crosses boolean NOT NULL,
    place smallint NOT NULL,
    found smallint NOT NULL,
    expected integer NOT NULL,
    took_ms double precision NOT NULL,
    run_id uuid NOT NULL,
    question_id uuid NOT NULL
);
ALTER TABLE public.documents_evaluationresult ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.documents_evaluationresult_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.documents_evaluationrun (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    model_name character varying(300) NOT NULL,
    mode character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    total integer NOT NULL,
    figures jsonb NOT NULL,
    losses integer NOT NULL,
    error text NOT NULL,
    finished_at timestamp with time zone,
    collection_id uuid,
    model_id uuid,
    searcher_id uuid
);
CREATE TABLE public.documents_goldenquestion (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    question character varying(500) NOT NULL,
    addresses character varying(500)[] NOT NULL,
    document_ids uuid[] NOT NULL,
    passage character varying(1000) NOT NULL,
    language character varying(16) NOT NULL,
    note character varying(500) NOT NULL,
    author_id uuid,
    collection_id uuid,
    answer text DEFAULT ''::text NOT NULL,
    follows character varying(500) DEFAULT ''::character varying NOT NULL,
    unanswerable boolean DEFAULT false NOT NULL
);
CREATE TABLE public.documents_passage (
    id uuid NOT NULL,
    ordinal integer NOT NULL,
    text text NOT NULL,
    heading text NOT NULL,
    page integer,
    start integer NOT NULL,
    "end" integer NOT NULL,
    search tsvector NOT NULL,
    document_id uuid NOT NULL,
    second integer,
    layout text DEFAULT ''::text NOT NULL
);
ALTER TABLE ONLY public.documents_passage ALTER COLUMN search SET STORAGE MAIN;
CREATE TABLE public.documents_passageembedding (
    id bigint NOT NULL,
    vector public.halfvec NOT NULL,
    document_id uuid NOT NULL,
    model_id uuid NOT NULL,
    passage_id uuid NOT NULL
);
ALTER TABLE public.documents_passageembedding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.documents_passageembedding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.documents_storedfile (
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL,
    name character varying(255) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.documents_tag (
    id uuid NOT NULL,
    name character varying(64) NOT NULL
);
CREATE TABLE public.documents_versionpassage (
    id bigint NOT NULL,
    passage_id uuid NOT NULL,
    ordinal integer NOT NULL,
    text text NOT NULL,
    heading text NOT NULL,
    page integer,
    start integer NOT NULL,
    "end" integer NOT NULL,
    version_id uuid NOT NULL,
    second integer,
    layout text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.documents_versionpassage ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.documents_versionpassage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.groups_group (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    name character varying(120) NOT NULL,
    description text NOT NULL,
    retention_days integer,
    CONSTRAINT groups_group_retention_days_check CHECK ((retention_days >= 0))
);
CREATE TABLE public.groups_legalhold (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    released_at timestamp with time zone,
    group_id uuid,
    released_by_id uuid,
    set_by_id uuid,
    user_id uuid,
    CONSTRAINT legal_hold_on_a_user_or_a_group CHECK ((((user_id IS NULL) OR (group_id IS NULL)) AND (1 = (
CASE
    WHEN (user_id IS NULL) THEN 1
    ELSE 0
END +
CASE
    WHEN (group_id IS NULL) THEN 1
    ELSE 0
END))))
);
CREATE TABLE public.groups_membership (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    role character varying(16) NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.groups_serviceaccount (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    created_by_id uuid,
    group_id uuid,
    user_id uuid NOT NULL
);
CREATE TABLE public.ingestion_heardpiece (
    id bigint NOT NULL,
    start double precision NOT NULL,
    "end" double precision NOT NULL,
    language character varying(16) NOT NULL,
    segments jsonb NOT NULL,
    item_id uuid NOT NULL
);
ALTER TABLE public.ingestion_heardpiece ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ingestion_heardpiece_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ingestion_ingestionitem (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    uri text NOT NULL,
    path_hash character varying(64) NOT NULL,
    source text NOT NULL,
    mime character varying(255) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    stage character varying(16) NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    losses integer NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    error_code character varying(64) NOT NULL,
    error_detail text NOT NULL,
    note text NOT NULL,
    passages integer NOT NULL,
    document_id uuid,
    run_id uuid NOT NULL,
    accepted_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    lease_suspected_at timestamp with time zone,
    duplicate boolean NOT NULL,
    stored_file_id character varying(64),
    parent_id uuid,
    root_id uuid,
    level smallint NOT NULL,
    asked_hash character varying(64) NOT NULL,
    depth smallint NOT NULL,
    etag character varying(512) NOT NULL,
    last_modified character varying(64) NOT NULL,
    CONSTRAINT ingestion_item_parsing_is_leased CHECK (((NOT ((stage)::text = 'parsing'::text)) OR (lease_token IS NOT NULL)))
);
CREATE TABLE public.ingestion_ingestionrun (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    kind character varying(16) NOT NULL,
    target text NOT NULL,
    status character varying(16) NOT NULL,
    tags character varying(64)[] NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    claimed_at timestamp with time zone,
    collection_id uuid,
    owner_id uuid NOT NULL,
    reach jsonb NOT NULL,
    source_id uuid
);
CREATE TABLE public.ingestion_scannedpage (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    number integer NOT NULL,
    total integer NOT NULL,
    text text NOT NULL,
    seconds double precision NOT NULL,
    item_id uuid NOT NULL,
    words text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.ingestion_scannedpage ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ingestion_scannedpage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ingestion_source (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    kind character varying(16) NOT NULL,
    name character varying(200) NOT NULL,
    target text NOT NULL,
    tags character varying(64)[] NOT NULL,
    recursive boolean NOT NULL,
    depth smallint NOT NULL,
    max_pages integer NOT NULL,
    every_hours smallint,
    daily_at time without time zone,
    state character varying(16) NOT NULL,
    error_code character varying(64) NOT NULL,
    error_detail text NOT NULL,
    last_sync_at timestamp with time zone,
    next_sync_at timestamp with time zone,
    counts jsonb NOT NULL,
    accepts_deletions boolean NOT NULL,
    collection_id uuid,
    owner_id uuid NOT NULL,
    CONSTRAINT ingestion_source_every_hours_check CHECK ((every_hours >= 0)),
    CONSTRAINT source_one_schedule CHECK (((every_hours IS NULL) OR (daily_at IS NULL)))
);
CREATE TABLE public.ingestion_sourceentry (
    id bigint NOT NULL,
    path_hash character varying(64) NOT NULL,
    uri text NOT NULL,
    depth smallint NOT NULL,
    size bigint NOT NULL,
    modified_ns bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    document_id uuid,
    source_id uuid NOT NULL
);
ALTER TABLE public.ingestion_sourceentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ingestion_sourceentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ingestion_webhost (
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_suspected_at timestamp with time zone,
    host character varying(300) NOT NULL,
    robots text NOT NULL,
    robots_read_at timestamp with time zone
);
CREATE TABLE public.ingestion_webpage (
    document_id uuid NOT NULL,
    etag character varying(512) NOT NULL,
    last_modified character varying(64) NOT NULL
);
CREATE TABLE public.mcp_clientregistration (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    issuer character varying(500) NOT NULL,
    redirect_uri character varying(500) NOT NULL,
    credentials text NOT NULL,
    server_id uuid NOT NULL
);
CREATE TABLE public.mcp_connection (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status character varying(16) NOT NULL,
    server_url character varying(500) NOT NULL,
    resource character varying(500) NOT NULL,
    issuer character varying(500) NOT NULL,
    token_endpoint character varying(500) NOT NULL,
    revocation_endpoint character varying(500) NOT NULL,
    scope character varying(1000) NOT NULL,
    tokens text NOT NULL,
    client text NOT NULL,
    expires_at timestamp with time zone,
    refreshing_until timestamp with time zone,
    server_id uuid NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.mcp_grouppolicy (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    policy character varying(8) NOT NULL,
    group_id uuid NOT NULL,
    tool_id uuid NOT NULL,
    approver character varying(8) NOT NULL
);
CREATE TABLE public.mcp_server (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    slug character varying(32) NOT NULL,
    title character varying(120) NOT NULL,
    transport character varying(16) NOT NULL,
    url character varying(500) NOT NULL,
    argv jsonb NOT NULL,
    secrets text NOT NULL,
    enabled boolean NOT NULL,
    builtin boolean NOT NULL,
    status character varying(16) NOT NULL,
    last_error character varying(500) NOT NULL,
    last_seen_at timestamp with time zone,
    protocol character varying(16) NOT NULL,
    tool_faults jsonb NOT NULL,
    "authorization" character varying(16) NOT NULL,
    scope character varying(1000) NOT NULL,
    base_url character varying(500) NOT NULL,
    document text NOT NULL
);
CREATE TABLE public.mcp_tool (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    local_name character varying(200) NOT NULL,
    name character varying(240) NOT NULL,
    safe_name character varying(64) NOT NULL,
    description text NOT NULL,
    input_schema jsonb NOT NULL,
    effects character varying(16)[] NOT NULL,
    schema_hash character varying(64) NOT NULL,
    approved_hash character varying(64) NOT NULL,
    enabled boolean NOT NULL,
    policy character varying(8) NOT NULL,
    missing_since timestamp with time zone,
    server_id uuid NOT NULL,
    approved_form jsonb,
    edition integer NOT NULL,
    egress boolean,
    writes boolean,
    output_schema jsonb,
    recipe jsonb NOT NULL,
    CONSTRAINT mcp_tool_edition_check CHECK ((edition >= 0))
);
CREATE TABLE public.quotas_quota (
    id uuid CONSTRAINT groups_quota_id_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT groups_quota_created_at_not_null NOT NULL,
    updated_at timestamp with time zone CONSTRAINT groups_quota_updated_at_not_null NOT NULL,
    tokens_per_day bigint,
    tokens_per_month bigint,
    stored_bytes bigint,
    documents bigint,
    runs_at_once integer,
    api_key_id uuid,
    group_id uuid,
    user_id uuid,
    CONSTRAINT groups_quota_documents_check CHECK ((documents >= 0)),
    CONSTRAINT groups_quota_runs_at_once_check CHECK ((runs_at_once >= 0)),
    CONSTRAINT groups_quota_stored_bytes_check CHECK ((stored_bytes >= 0)),
    CONSTRAINT groups_quota_tokens_per_day_check CHECK ((tokens_per_day >= 0)),
    CONSTRAINT groups_quota_tokens_per_month_check CHECK ((tokens_per_month >= 0)),
    CONSTRAINT quota_of_key_without_files CHECK (((api_key_id IS NULL) OR ((documents IS NULL) AND (stored_bytes IS NULL)))),
    CONSTRAINT quota_of_one_subject CHECK ((((api_key_id IS NULL) AND (group_id IS NULL) AND (user_id IS NOT NULL)) OR ((api_key_id IS NULL) AND (group_id IS NOT NULL) AND (user_id IS NULL)) OR ((api_key_id IS NOT NULL) AND (group_id IS NULL) AND (user_id IS NULL))))
);
CREATE TABLE public.quotas_usageevent (
    id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    group_ids uuid[],
    kind character varying(16) NOT NULL,
    name character varying(300) NOT NULL,
    outcome character varying(16) NOT NULL,
    tokens_in bigint NOT NULL,
    tokens_out bigint NOT NULL,
    bytes bigint NOT NULL,
    duration_ms bigint,
    api_key_id uuid,
    user_id uuid,
    CONSTRAINT quotas_usageevent_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT quotas_usageevent_duration_ms_check CHECK ((duration_ms >= 0)),
    CONSTRAINT quotas_usageevent_tokens_in_check CHECK ((tokens_in >= 0)),
    CONSTRAINT quotas_usageevent_tokens_out_check CHECK ((tokens_out >= 0))
);
ALTER TABLE public.quotas_usageevent ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.quotas_usageevent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.webhooks_delivery (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status character varying(16) NOT NULL,
    attempts smallint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    status_code smallint,
    error character varying(500) NOT NULL,
    log jsonb NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT webhooks_delivery_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT webhooks_delivery_status_code_check CHECK ((status_code >= 0))
);
CREATE TABLE public.webhooks_endpoint (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    url character varying(1000) NOT NULL,
    description character varying(200) NOT NULL,
    actions character varying(64)[] NOT NULL,
    secret text NOT NULL,
    former_secret text NOT NULL,
    former_secret_until timestamp with time zone,
    state character varying(16) NOT NULL,
    failures integer NOT NULL,
    rest_until timestamp with time zone,
    last_error character varying(500) NOT NULL,
    last_success_at timestamp with time zone,
    busy_until timestamp with time zone,
    served_at timestamp with time zone,
    CONSTRAINT webhooks_endpoint_failures_check CHECK ((failures >= 0))
);
CREATE TABLE public.webhooks_event (
    id uuid NOT NULL,
    action character varying(64) NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    distributed boolean NOT NULL
);
ALTER TABLE ONLY public.accounts_apikey
    ADD CONSTRAINT accounts_apikey_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.accounts_apikey
    ADD CONSTRAINT accounts_apikey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_authenticator
    ADD CONSTRAINT accounts_authenticator_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_dataexport
    ADD CONSTRAINT accounts_dataexport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_erasure
    ADD CONSTRAINT accounts_erasure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_erasure
    ADD CONSTRAINT accounts_erasure_subject_key UNIQUE (subject);
ALTER TABLE ONLY public.accounts_linkedidentity
    ADD CONSTRAINT accounts_linkedidentity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_privateaccess
    ADD CONSTRAINT accounts_privateaccess_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_signin
    ADD CONSTRAINT accounts_signin_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_signin
    ADD CONSTRAINT accounts_signin_session_id_key UNIQUE (session_id);
ALTER TABLE ONLY public.quotas_tokenusage
    ADD CONSTRAINT accounts_tokenusage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_group_id_59c0b32f_uniq UNIQUE (user_id, group_id);
ALTER TABLE ONLY public.accounts_user
    ADD CONSTRAINT accounts_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permi_user_id_permission_id_2ab516c2_uniq UNIQUE (user_id, permission_id);
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user
    ADD CONSTRAINT accounts_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.analytics_usageday
    ADD CONSTRAINT analytics_usageday_pkey PRIMARY KEY (day);
ALTER TABLE ONLY public.auditlog_logentry
    ADD CONSTRAINT auditlog_logentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_authenticator
    ADD CONSTRAINT authenticator_once_per_kind UNIQUE (user_id, kind);
ALTER TABLE ONLY public.chat_answerevaluation
    ADD CONSTRAINT chat_answerevaluation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_citation
    ADD CONSTRAINT chat_citation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_judgedanswer
    ADD CONSTRAINT chat_judgedanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_message
    ADD CONSTRAINT chat_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_modelcall
    ADD CONSTRAINT chat_modelcall_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_modelserver
    ADD CONSTRAINT chat_modelserver_address_key UNIQUE (address);
ALTER TABLE ONLY public.chat_modelserver
    ADD CONSTRAINT chat_modelserver_name_key UNIQUE (name);
ALTER TABLE ONLY public.chat_modelserver
    ADD CONSTRAINT chat_modelserver_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_servedmodel
    ADD CONSTRAINT chat_servedmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_session_collections
    ADD CONSTRAINT chat_session_collections_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_session_collections
    ADD CONSTRAINT chat_session_collections_session_id_collection_id_47ed79e5_uniq UNIQUE (session_id, collection_id);
ALTER TABLE ONLY public.chat_session
    ADD CONSTRAINT chat_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_sessioncollection
    ADD CONSTRAINT chat_sessioncollection_collection_id_key UNIQUE (collection_id);
ALTER TABLE ONLY public.chat_sessioncollection
    ADD CONSTRAINT chat_sessioncollection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_summary
    ADD CONSTRAINT chat_summary_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_systemprompt
    ADD CONSTRAINT chat_systemprompt_is_only_key UNIQUE (is_only);
ALTER TABLE ONLY public.chat_systemprompt
    ADD CONSTRAINT chat_systemprompt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_toolgrant
    ADD CONSTRAINT chat_toolgrant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_collectionshare
    ADD CONSTRAINT collection_share_once UNIQUE (collection_id, group_id);
ALTER TABLE ONLY public.common_auditcheckpoint
    ADD CONSTRAINT common_auditcheckpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.common_auditlink
    ADD CONSTRAINT common_auditlink_entry_id_key UNIQUE (entry_id);
ALTER TABLE ONLY public.common_auditlink
    ADD CONSTRAINT common_auditlink_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.common_auditpending
    ADD CONSTRAINT common_auditpending_pkey PRIMARY KEY (entry_id);
ALTER TABLE ONLY public.common_idempotentrequest
    ADD CONSTRAINT common_idempotentrequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.common_keyfingerprint
    ADD CONSTRAINT common_keyfingerprint_pkey PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY public.documents_documentshare
    ADD CONSTRAINT document_share_once UNIQUE (document_id, group_id);
ALTER TABLE ONLY public.documents_documentversion
    ADD CONSTRAINT document_version_once UNIQUE (document_id, number);
ALTER TABLE ONLY public.documents_collection
    ADD CONSTRAINT documents_collection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_collectionshare
    ADD CONSTRAINT documents_collectionshare_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_document
    ADD CONSTRAINT documents_document_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_document_tags
    ADD CONSTRAINT documents_document_tags_document_id_tag_id_07e90502_uniq UNIQUE (document_id, tag_id);
ALTER TABLE ONLY public.documents_document_tags
    ADD CONSTRAINT documents_document_tags_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_documentshare
    ADD CONSTRAINT documents_documentshare_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_documentversion
    ADD CONSTRAINT documents_documentversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_embeddingmodel
    ADD CONSTRAINT documents_embeddingmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_embeddingtask
    ADD CONSTRAINT documents_embeddingtask_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_evaluationresult
    ADD CONSTRAINT documents_evaluationresult_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_evaluationrun
    ADD CONSTRAINT documents_evaluationrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_goldenquestion
    ADD CONSTRAINT documents_goldenquestion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_passage
    ADD CONSTRAINT documents_passage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_passageembedding
    ADD CONSTRAINT documents_passageembedding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_storedfile
    ADD CONSTRAINT documents_storedfile_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.documents_tag
    ADD CONSTRAINT documents_tag_name_key UNIQUE (name);
ALTER TABLE ONLY public.documents_tag
    ADD CONSTRAINT documents_tag_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_versionpassage
    ADD CONSTRAINT documents_versionpassage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.documents_embeddingmodel
    ADD CONSTRAINT embedding_model_once UNIQUE (provider, name, dimensions, passage_prompt);
ALTER TABLE ONLY public.documents_embeddingtask
    ADD CONSTRAINT embedding_task_once UNIQUE (document_id, model_id);
ALTER TABLE ONLY public.documents_evaluationresult
    ADD CONSTRAINT evaluation_result_once UNIQUE (run_id, question_id);
ALTER TABLE ONLY public.documents_goldenquestion
    ADD CONSTRAINT golden_question_once UNIQUE NULLS NOT DISTINCT (question, collection_id);
ALTER TABLE ONLY public.groups_group
    ADD CONSTRAINT groups_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.groups_legalhold
    ADD CONSTRAINT groups_legalhold_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.groups_membership
    ADD CONSTRAINT groups_membership_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_api_key_id_key UNIQUE (api_key_id);
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_group_id_key UNIQUE (group_id);
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_user_id_key UNIQUE (user_id);
ALTER TABLE ONLY public.groups_serviceaccount
    ADD CONSTRAINT groups_serviceaccount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.groups_serviceaccount
    ADD CONSTRAINT groups_serviceaccount_user_id_key UNIQUE (user_id);
ALTER TABLE ONLY public.ingestion_heardpiece
    ADD CONSTRAINT ingestion_heard_piece_once UNIQUE (item_id, start);
ALTER TABLE ONLY public.ingestion_heardpiece
    ADD CONSTRAINT ingestion_heardpiece_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestionitem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_ingestionrun
    ADD CONSTRAINT ingestion_ingestionrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_item_position_once UNIQUE (run_id, "position");
ALTER TABLE ONLY public.ingestion_scannedpage
    ADD CONSTRAINT ingestion_scanned_page_once UNIQUE (item_id, digest, number);
ALTER TABLE ONLY public.ingestion_scannedpage
    ADD CONSTRAINT ingestion_scannedpage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_source
    ADD CONSTRAINT ingestion_source_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_sourceentry
    ADD CONSTRAINT ingestion_sourceentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_webhost
    ADD CONSTRAINT ingestion_webhost_pkey PRIMARY KEY (host);
ALTER TABLE ONLY public.ingestion_webpage
    ADD CONSTRAINT ingestion_webpage_pkey PRIMARY KEY (document_id);
ALTER TABLE ONLY public.chat_judgedanswer
    ADD CONSTRAINT judged_answer_once UNIQUE (run_id, question_id);
ALTER TABLE ONLY public.accounts_linkedidentity
    ADD CONSTRAINT linked_identity_once UNIQUE (issuer, subject);
ALTER TABLE ONLY public.mcp_clientregistration
    ADD CONSTRAINT mcp_clientregistration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mcp_connection
    ADD CONSTRAINT mcp_connection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mcp_grouppolicy
    ADD CONSTRAINT mcp_grouppolicy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mcp_server
    ADD CONSTRAINT mcp_server_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mcp_server
    ADD CONSTRAINT mcp_server_slug_key UNIQUE (slug);
ALTER TABLE ONLY public.mcp_tool
    ADD CONSTRAINT mcp_tool_name_key UNIQUE (name);
ALTER TABLE ONLY public.mcp_tool
    ADD CONSTRAINT mcp_tool_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mcp_tool
    ADD CONSTRAINT mcp_tool_safe_name_key UNIQUE (safe_name);
ALTER TABLE ONLY public.documents_passageembedding
    ADD CONSTRAINT passage_embedded_once UNIQUE (passage_id, model_id);
ALTER TABLE ONLY public.documents_passage
    ADD CONSTRAINT passage_ordinal_once UNIQUE (document_id, ordinal) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_usageevent
    ADD CONSTRAINT quotas_usageevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingestion_sourceentry
    ADD CONSTRAINT source_entry_once UNIQUE (source_id, path_hash);
ALTER TABLE ONLY public.chat_toolgrant
    ADD CONSTRAINT tool_grant_once UNIQUE NULLS NOT DISTINCT (user_id, tool_id, session_id);
ALTER TABLE ONLY public.documents_versionpassage
    ADD CONSTRAINT version_passage_once UNIQUE (version_id, ordinal);
ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks_endpoint
    ADD CONSTRAINT webhooks_endpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks_event
    ADD CONSTRAINT webhooks_event_pkey PRIMARY KEY (id);
CREATE INDEX accounts_apikey_created_at_15685d37 ON public.accounts_apikey USING btree (created_at);
CREATE INDEX accounts_apikey_digest_b02b5264_like ON public.accounts_apikey USING btree (digest varchar_pattern_ops);
CREATE INDEX accounts_apikey_prefix_2468c39f ON public.accounts_apikey USING btree (prefix);
CREATE INDEX accounts_apikey_prefix_2468c39f_like ON public.accounts_apikey USING btree (prefix varchar_pattern_ops);
CREATE INDEX accounts_apikey_user_id_bd902026 ON public.accounts_apikey USING btree (user_id);
CREATE INDEX accounts_authenticator_created_at_f3a54c73 ON public.accounts_authenticator USING btree (created_at);
CREATE INDEX accounts_dataexport_created_at_c44c103d ON public.accounts_dataexport USING btree (created_at);
CREATE INDEX accounts_dataexport_user_id_1c3468c6 ON public.accounts_dataexport USING btree (user_id);
CREATE INDEX accounts_erasure_created_at_d7d30f82 ON public.accounts_erasure USING btree (created_at);
CREATE INDEX accounts_linkedidentity_created_at_54411c3d ON public.accounts_linkedidentity USING btree (created_at);
CREATE INDEX accounts_linkedidentity_user_id_a7cb27c0 ON public.accounts_linkedidentity USING btree (user_id);
CREATE INDEX accounts_privateaccess_created_at_34575da2 ON public.accounts_privateaccess USING btree (created_at);
CREATE INDEX accounts_privateaccess_object_id_3b17ad0d ON public.accounts_privateaccess USING btree (object_id);
CREATE INDEX accounts_privateaccess_owner_id_d68da3fe ON public.accounts_privateaccess USING btree (owner_id);
CREATE INDEX accounts_privateaccess_reader_id_c82027e3 ON public.accounts_privateaccess USING btree (reader_id);
CREATE INDEX accounts_signin_created_at_cb0e4615 ON public.accounts_signin USING btree (created_at);
CREATE INDEX accounts_signin_session_id_25040717_like ON public.accounts_signin USING btree (session_id varchar_pattern_ops);
CREATE INDEX accounts_signin_user_id_700b4e69 ON public.accounts_signin USING btree (user_id);
CREATE INDEX accounts_tokenusage_api_key_id_3d4db3ba ON public.quotas_tokenusage USING btree (api_key_id);
CREATE INDEX accounts_user_groups_group_id_bd11a704 ON public.accounts_user_groups USING btree (group_id);
CREATE INDEX accounts_user_groups_user_id_52b62117 ON public.accounts_user_groups USING btree (user_id);
CREATE INDEX accounts_user_user_permissions_permission_id_113bb443 ON public.accounts_user_user_permissions USING btree (permission_id);
CREATE INDEX accounts_user_user_permissions_user_id_e4f0a161 ON public.accounts_user_user_permissions USING btree (user_id);
CREATE INDEX accounts_user_username_6088629e_like ON public.accounts_user USING btree (username varchar_pattern_ops);
CREATE INDEX answer_evaluation_status ON public.chat_answerevaluation USING btree (status);
CREATE UNIQUE INDEX attachment_position_once ON public.chat_attachment USING btree (message_id, "position");
CREATE INDEX audit_entry_action ON public.auditlog_logentry USING btree (((additional_data ->> 'action'::text)), "timestamp" DESC);
CREATE INDEX audit_entry_actor ON public.auditlog_logentry USING btree (((additional_data ->> 'actor'::text)), "timestamp" DESC);
CREATE INDEX audit_entry_address ON public.auditlog_logentry USING btree (remote_addr, "timestamp" DESC);
CREATE INDEX audit_entry_key ON public.auditlog_logentry USING btree (((additional_data ->> 'key'::text)), "timestamp" DESC) WHERE ((additional_data ->> 'key'::text) IS NOT NULL);
CREATE INDEX audit_entry_newest ON public.auditlog_logentry USING btree ("timestamp" DESC, id DESC);
CREATE INDEX audit_entry_owner ON public.auditlog_logentry USING btree (((additional_data ->> 'owner'::text))) WHERE ((additional_data ->> 'owner'::text) IS NOT NULL);
CREATE INDEX auditlog_logentry_action_229afe39 ON public.auditlog_logentry USING btree (action);
CREATE INDEX auditlog_logentry_actor_id_959271d2 ON public.auditlog_logentry USING btree (actor_id);
CREATE INDEX auditlog_logentry_cid_9f467263 ON public.auditlog_logentry USING btree (cid);
CREATE INDEX auditlog_logentry_cid_9f467263_like ON public.auditlog_logentry USING btree (cid varchar_pattern_ops);
CREATE INDEX auditlog_logentry_content_type_id_75830218 ON public.auditlog_logentry USING btree (content_type_id);
CREATE INDEX auditlog_logentry_object_id_09c2eee8 ON public.auditlog_logentry USING btree (object_id);
CREATE INDEX auditlog_logentry_object_pk_6e3219c0 ON public.auditlog_logentry USING btree (object_pk);
CREATE INDEX auditlog_logentry_object_pk_6e3219c0_like ON public.auditlog_logentry USING btree (object_pk varchar_pattern_ops);
CREATE INDEX auditlog_logentry_timestamp_37867bb0 ON public.auditlog_logentry USING btree ("timestamp");
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
CREATE INDEX chat_answerevaluation_asker_id_3668b966 ON public.chat_answerevaluation USING btree (asker_id);
CREATE INDEX chat_answerevaluation_collection_id_fda9ea9d ON public.chat_answerevaluation USING btree (collection_id);
CREATE INDEX chat_answerevaluation_created_at_c10a5f7c ON public.chat_answerevaluation USING btree (created_at);
CREATE INDEX chat_attachment_created_at_1ea57478 ON public.chat_attachment USING btree (created_at);
CREATE INDEX chat_attachment_document_id_bd8d3638 ON public.chat_attachment USING btree (document_id);
CREATE INDEX chat_attachment_item_id_22cc8a09 ON public.chat_attachment USING btree (item_id);
CREATE INDEX chat_attachment_message_id_bca6b8de ON public.chat_attachment USING btree (message_id);
CREATE INDEX chat_attachment_session_id_5b6fa66c ON public.chat_attachment USING btree (session_id);
CREATE INDEX chat_attachment_tool_run_id_2b93b211 ON public.chat_attachment USING btree (tool_run_id);
CREATE INDEX chat_citation_created_at_d173f166 ON public.chat_citation USING btree (created_at);
CREATE INDEX chat_citation_document_id_1e6fab39 ON public.chat_citation USING btree (document_id);
CREATE INDEX chat_citation_message_id_4b8d52d0 ON public.chat_citation USING btree (message_id);
CREATE INDEX chat_citation_passage_id_72bfd268 ON public.chat_citation USING btree (passage_id);
CREATE INDEX chat_judgedanswer_created_at_f6c59ead ON public.chat_judgedanswer USING btree (created_at);
CREATE INDEX chat_judgedanswer_question_id_70fbfd9e ON public.chat_judgedanswer USING btree (question_id);
CREATE INDEX chat_message_created_at_618078f0 ON public.chat_message USING btree (created_at);
CREATE INDEX chat_message_parent_id_d93c704f ON public.chat_message USING btree (parent_id);
CREATE INDEX chat_message_run_id_64a439db ON public.chat_message USING btree (run_id);
CREATE INDEX chat_message_session_id_9abc6edf ON public.chat_message USING btree (session_id);
CREATE INDEX chat_modelserver_address_3d5c0dc5_like ON public.chat_modelserver USING btree (address varchar_pattern_ops);
CREATE INDEX chat_modelserver_created_at_02c98c4e ON public.chat_modelserver USING btree (created_at);
CREATE INDEX chat_modelserver_name_2cf4b321_like ON public.chat_modelserver USING btree (name varchar_pattern_ops);
CREATE INDEX chat_run_answer_id_e90a1687 ON public.chat_run USING btree (answer_id);
CREATE INDEX chat_run_api_key_id_addebb72 ON public.chat_run USING btree (api_key_id);
CREATE INDEX chat_run_created_at_d2c4da58 ON public.chat_run USING btree (created_at);
CREATE INDEX chat_run_question_id_bfb987e0 ON public.chat_run USING btree (question_id);
CREATE INDEX chat_run_session_id_a844280e ON public.chat_run USING btree (session_id);
CREATE INDEX chat_run_user_id_8a92036a ON public.chat_run USING btree (user_id);
CREATE INDEX chat_servedmodel_created_at_a37a61a4 ON public.chat_servedmodel USING btree (created_at);
CREATE INDEX chat_servedmodel_server_id_5c986760 ON public.chat_servedmodel USING btree (server_id);
CREATE INDEX chat_session_collections_collection_id_94c94a65 ON public.chat_session_collections USING btree (collection_id);
CREATE INDEX chat_session_collections_session_id_c2f49d85 ON public.chat_session_collections USING btree (session_id);
CREATE INDEX chat_session_created_at_32a9095d ON public.chat_session USING btree (created_at);
CREATE INDEX chat_session_deleted_at_112cffd1 ON public.chat_session USING btree (deleted_at);
CREATE INDEX chat_session_user_id_b860f903 ON public.chat_session USING btree (user_id);
CREATE INDEX chat_sessioncollection_created_at_d9f316b2 ON public.chat_sessioncollection USING btree (created_at);
CREATE INDEX chat_sessioncollection_session_id_09623450 ON public.chat_sessioncollection USING btree (session_id);
CREATE INDEX chat_sessioncollection_user_id_21fd0a97 ON public.chat_sessioncollection USING btree (user_id);
CREATE INDEX chat_summary_created_at_6202783c ON public.chat_summary USING btree (created_at);
CREATE INDEX chat_summary_session_id_6bcd3c05 ON public.chat_summary USING btree (session_id);
CREATE INDEX chat_summary_upto_id_01e7325a ON public.chat_summary USING btree (upto_id);
CREATE INDEX chat_systemprompt_created_at_900da090 ON public.chat_systemprompt USING btree (created_at);
CREATE INDEX chat_toolgrant_created_at_b604410c ON public.chat_toolgrant USING btree (created_at);
CREATE INDEX chat_toolgrant_session_id_8775652f ON public.chat_toolgrant USING btree (session_id);
CREATE INDEX chat_toolgrant_tool_id_362b9e87 ON public.chat_toolgrant USING btree (tool_id);
CREATE INDEX chat_toolgrant_user_id_0a4f1dc9 ON public.chat_toolgrant USING btree (user_id);
CREATE INDEX chat_toolrun_created_at_d8a27747 ON public.chat_toolrun USING btree (created_at);
CREATE INDEX chat_toolrun_decided_by_id_594a1a6a ON public.chat_toolrun USING btree (decided_by_id);
CREATE INDEX chat_toolrun_message_id_9eeed5ea ON public.chat_toolrun USING btree (message_id);
CREATE INDEX chat_toolrun_run_id_2a2e5527 ON public.chat_toolrun USING btree (run_id);
CREATE INDEX chat_toolrun_session_id_6cc4540d ON public.chat_toolrun USING btree (session_id);
CREATE INDEX chat_toolrun_tool_id_e9853a8d ON public.chat_toolrun USING btree (tool_id);
CREATE INDEX chat_toolrun_user_id_dab8ed3d ON public.chat_toolrun USING btree (user_id);
CREATE UNIQUE INDEX citation_once_per_message ON public.chat_citation USING btree (message_id, index);
CREATE UNIQUE INDEX client_registration_once ON public.mcp_clientregistration USING btree (server_id, issuer, redirect_uri);
CREATE UNIQUE INDEX collection_name_once_per_owner ON public.documents_collection USING btree (owner_id, lower((name)::text)) WHERE ((deleted_at IS NULL) AND (NOT is_default) AND (NOT is_private));
CREATE UNIQUE INDEX collection_one_default_per_owner ON public.documents_collection USING btree (owner_id) WHERE is_default;
CREATE INDEX common_auditcheckpoint_seq_ab1c7a80 ON public.common_auditcheckpoint USING btree (seq);
CREATE INDEX common_idempotentrequest_created_at_a4cb0791 ON public.common_idempotentrequest USING btree (created_at);
CREATE INDEX common_idempotentrequest_user_id_2f36301f ON public.common_idempotentrequest USING btree (user_id);
CREATE INDEX common_keyfingerprint_fingerprint_30a045ff_like ON public.common_keyfingerprint USING btree (fingerprint varchar_pattern_ops);
CREATE UNIQUE INDEX connection_once_per_server ON public.mcp_connection USING btree (user_id, server_id);
CREATE INDEX data_export_due ON public.accounts_dataexport USING btree (lease_until) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying])::text[]));
CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);
CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX document_collection_newest ON public.documents_document USING btree (collection_id, created_at DESC);
CREATE INDEX document_collection_place ON public.documents_document USING btree (collection_id, path_hash);
CREATE INDEX document_collection_sha256 ON public.documents_document USING btree (collection_id, sha256);
CREATE INDEX document_outdated_index ON public.documents_document USING btree (id DESC) WHERE (index_version < 3);
CREATE INDEX document_owner_newest ON public.documents_document USING btree (owner_id, created_at DESC);
CREATE INDEX document_stored_file ON public.documents_document USING btree (stored_file_id);
CREATE INDEX document_unembedded ON public.documents_document USING btree (status) WHERE ((status)::text = ANY ((ARRAY['searchable'::character varying, 'failed'::character varying])::text[]));
CREATE INDEX document_version_stored_file ON public.documents_documentversion USING btree (stored_file_id);
CREATE INDEX documents_collection_created_at_3dd73d16 ON public.documents_collection USING btree (created_at);
CREATE INDEX documents_collection_deleted_at_4174dc51 ON public.documents_collection USING btree (deleted_at);
CREATE INDEX documents_collection_owner_id_72e54cff ON public.documents_collection USING btree (owner_id);
CREATE INDEX documents_collectionshare_collection_id_d3b192dd ON public.documents_collectionshare USING btree (collection_id);
CREATE INDEX documents_collectionshare_created_at_713e4c36 ON public.documents_collectionshare USING btree (created_at);
CREATE INDEX documents_collectionshare_group_id_e4335aef ON public.documents_collectionshare USING btree (group_id);
CREATE INDEX documents_document_collection_id_041e3fe8 ON public.documents_document USING btree (collection_id);
CREATE INDEX documents_document_created_at_8fa354e8 ON public.documents_document USING btree (created_at);
CREATE INDEX documents_document_deleted_at_b4fd67b9 ON public.documents_document USING btree (deleted_at);
CREATE INDEX documents_document_owner_id_04d2b723 ON public.documents_document USING btree (owner_id);
CREATE INDEX documents_document_tags_document_id_006f35a8 ON public.documents_document_tags USING btree (document_id);
CREATE INDEX documents_document_tags_tag_id_4f4a71e9 ON public.documents_document_tags USING btree (tag_id);
CREATE INDEX documents_document_text_config_1bd664b3 ON public.documents_document USING btree (text_config);
CREATE INDEX documents_document_text_config_1bd664b3_like ON public.documents_document USING btree (text_config varchar_pattern_ops);
CREATE INDEX documents_documentshare_created_at_647cb12f ON public.documents_documentshare USING btree (created_at);
CREATE INDEX documents_documentshare_document_id_9be134c4 ON public.documents_documentshare USING btree (document_id);
CREATE INDEX documents_documentshare_group_id_19466deb ON public.documents_documentshare USING btree (group_id);
CREATE INDEX documents_documentversion_created_at_739ec26e ON public.documents_documentversion USING btree (created_at);
CREATE INDEX documents_embeddingmodel_created_at_e38f9ebc ON public.documents_embeddingmodel USING btree (created_at);
CREATE INDEX documents_embeddingtask_created_at_29492886 ON public.documents_embeddingtask USING btree (created_at);
CREATE INDEX documents_evaluationresult_question_id_0ec4bbd2 ON public.documents_evaluationresult USING btree (question_id);
CREATE INDEX documents_evaluationrun_collection_id_b2d8ee4d ON public.documents_evaluationrun USING btree (collection_id);
CREATE INDEX documents_evaluationrun_created_at_54e36b59 ON public.documents_evaluationrun USING btree (created_at);
CREATE INDEX documents_evaluationrun_model_id_1d4f3e0f ON public.documents_evaluationrun USING btree (model_id);
CREATE INDEX documents_evaluationrun_searcher_id_8aa6d88b ON public.documents_evaluationrun USING btree (searcher_id);
CREATE INDEX documents_goldenquestion_author_id_05085891 ON public.documents_goldenquestion USING btree (author_id);
CREATE INDEX documents_goldenquestion_collection_id_f681e403 ON public.documents_goldenquestion USING btree (collection_id);
CREATE INDEX documents_goldenquestion_created_at_d330a99e ON public.documents_goldenquestion USING btree (created_at);
CREATE INDEX documents_passageembedding_document_id_8706f189 ON public.documents_passageembedding USING btree (document_id);
CREATE INDEX documents_storedfile_sha256_8fc42a25_like ON public.documents_storedfile USING btree (sha256 varchar_pattern_ops);
CREATE INDEX documents_tag_name_b751fdae_like ON public.documents_tag USING btree (name varchar_pattern_ops);
CREATE INDEX documents_versionpassage_passage_id_5ae634e2 ON public.documents_versionpassage USING btree (passage_id);
CREATE UNIQUE INDEX embedding_model_one_active ON public.documents_embeddingmodel USING btree (active) WHERE active;
CREATE INDEX embedding_task_lane ON public.documents_embeddingtask USING btree (model_id, priority, lane, turn);
CREATE INDEX embedding_task_next ON public.documents_embeddingtask USING btree (model_id, priority, turn, document_id) WHERE (lease_token IS NULL);
CREATE INDEX embedding_task_token ON public.documents_embeddingtask USING btree (lease_token) WHERE (lease_token IS NOT NULL);
CREATE INDEX evaluation_run_status ON public.documents_evaluationrun USING btree (status);
CREATE UNIQUE INDEX group_name_once ON public.groups_group USING btree (lower((name)::text)) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX group_policy_once_per_tool ON public.mcp_grouppolicy USING btree (tool_id, group_id);
CREATE INDEX groups_group_created_at_3020b84c ON public.groups_group USING btree (created_at);
CREATE INDEX groups_group_deleted_at_46061cff ON public.groups_group USING btree (deleted_at);
CREATE INDEX groups_legalhold_created_at_80d6efe9 ON public.groups_legalhold USING btree (created_at);
CREATE INDEX groups_legalhold_group_id_ee531692 ON public.groups_legalhold USING btree (group_id);
CREATE INDEX groups_legalhold_released_by_id_8cd286f4 ON public.groups_legalhold USING btree (released_by_id);
CREATE INDEX groups_legalhold_set_by_id_05bf4749 ON public.groups_legalhold USING btree (set_by_id);
CREATE INDEX groups_legalhold_user_id_0be016e9 ON public.groups_legalhold USING btree (user_id);
CREATE INDEX groups_membership_created_at_9f5d7189 ON public.groups_membership USING btree (created_at);
CREATE INDEX groups_membership_group_id_dcb8901e ON public.groups_membership USING btree (group_id);
CREATE INDEX groups_membership_user_id_0a0fb8a9 ON public.groups_membership USING btree (user_id);
CREATE INDEX groups_quota_created_at_3ac13b95 ON public.quotas_quota USING btree (created_at);
CREATE INDEX groups_serviceaccount_created_at_ccf9b8a6 ON public.groups_serviceaccount USING btree (created_at);
CREATE INDEX groups_serviceaccount_created_by_id_808723c2 ON public.groups_serviceaccount USING btree (created_by_id);
CREATE INDEX groups_serviceaccount_group_id_7ab900bc ON public.groups_serviceaccount USING btree (group_id);
CREATE UNIQUE INDEX idempotent_request_once_per_user ON public.common_idempotentrequest USING btree (user_id, key);
CREATE INDEX ingestion_ingestionitem_created_at_b1daddb9 ON public.ingestion_ingestionitem USING btree (created_at);
CREATE INDEX ingestion_ingestionitem_document_id_883f6aa7 ON public.ingestion_ingestionitem USING btree (document_id);
CREATE INDEX ingestion_ingestionitem_parent_id_18200d79 ON public.ingestion_ingestionitem USING btree (parent_id);
CREATE INDEX ingestion_ingestionitem_root_id_7c0dacfb ON public.ingestion_ingestionitem USING btree (root_id);
CREATE INDEX ingestion_ingestionrun_collection_id_2e035fcc ON public.ingestion_ingestionrun USING btree (collection_id);
CREATE INDEX ingestion_ingestionrun_created_at_04284283 ON public.ingestion_ingestionrun USING btree (created_at);
CREATE INDEX ingestion_ingestionrun_deleted_at_43ba0e38 ON public.ingestion_ingestionrun USING btree (deleted_at);
CREATE INDEX ingestion_ingestionrun_source_id_924781aa ON public.ingestion_ingestionrun USING btree (source_id);
CREATE INDEX ingestion_item_active ON public.ingestion_ingestionitem USING btree (run_id, stage, "position") WHERE ((stage)::text = ANY ((ARRAY['queued'::character varying, 'parsing'::character varying, 'embedding'::character varying])::text[]));
CREATE INDEX ingestion_item_changed ON public.ingestion_ingestionitem USING btree (run_id, updated_at);
CREATE INDEX ingestion_item_leased ON public.ingestion_ingestionitem USING btree (lease_until) WHERE (lease_token IS NOT NULL);
CREATE INDEX ingestion_item_stored_file ON public.ingestion_ingestionitem USING btree (stored_file_id);
CREATE INDEX ingestion_item_token ON public.ingestion_ingestionitem USING btree (lease_token) WHERE (lease_token IS NOT NULL);
CREATE INDEX ingestion_item_unembedded ON public.ingestion_ingestionitem USING btree (document_id) WHERE ((stage)::text = ANY ((ARRAY['embedding'::character varying, 'failed'::character varying])::text[]));
CREATE INDEX ingestion_run_newest ON public.ingestion_ingestionrun USING btree (owner_id, created_at DESC);
CREATE INDEX ingestion_run_unfinished ON public.ingestion_ingestionrun USING btree (owner_id) WHERE (finished_at IS NULL);
CREATE INDEX ingestion_source_collection_id_aec10b0d ON public.ingestion_source USING btree (collection_id);
CREATE INDEX ingestion_source_created_at_b6652204 ON public.ingestion_source USING btree (created_at);
CREATE INDEX ingestion_source_next_sync_at_8d178feb ON public.ingestion_source USING btree (next_sync_at);
CREATE INDEX ingestion_source_owner_id_7e764f1b ON public.ingestion_source USING btree (owner_id);
CREATE INDEX ingestion_sourceentry_document_id_edd3915b ON public.ingestion_sourceentry USING btree (document_id);
CREATE INDEX ingestion_webhost_host_c6d79feb_like ON public.ingestion_webhost USING btree (host varchar_pattern_ops);
CREATE INDEX mcp_clientregistration_created_at_7da6d259 ON public.mcp_clientregistration USING btree (created_at);
CREATE INDEX mcp_clientregistration_server_id_718f95f4 ON public.mcp_clientregistration USING btree (server_id);
CREATE INDEX mcp_connection_created_at_54652eb7 ON public.mcp_connection USING btree (created_at);
CREATE INDEX mcp_connection_server_id_1291f673 ON public.mcp_connection USING btree (server_id);
CREATE INDEX mcp_connection_user_id_e4e2cd4a ON public.mcp_connection USING btree (user_id);
CREATE INDEX mcp_grouppolicy_created_at_07675afa ON public.mcp_grouppolicy USING btree (created_at);
CREATE INDEX mcp_grouppolicy_group_id_042c5acc ON public.mcp_grouppolicy USING btree (group_id);
CREATE INDEX mcp_grouppolicy_tool_id_99200b7b ON public.mcp_grouppolicy USING btree (tool_id);
CREATE INDEX mcp_server_created_at_b14f24ea ON public.mcp_server USING btree (created_at);
CREATE INDEX mcp_server_slug_b337e8e5_like ON public.mcp_server USING btree (slug varchar_pattern_ops);
CREATE INDEX mcp_tool_created_at_8dae676a ON public.mcp_tool USING btree (created_at);
CREATE INDEX mcp_tool_name_82eeb064_like ON public.mcp_tool USING btree (name varchar_pattern_ops);
CREATE INDEX mcp_tool_safe_name_68995894_like ON public.mcp_tool USING btree (safe_name varchar_pattern_ops);
CREATE INDEX mcp_tool_server_id_8472a32b ON public.mcp_tool USING btree (server_id);
CREATE UNIQUE INDEX membership_once_per_user ON public.groups_membership USING btree (group_id, user_id);
CREATE INDEX message_in_session ON public.chat_message USING btree (session_id, created_at, id);
CREATE INDEX passage_search ON public.documents_passage USING gin (search) WITH (gin_pending_list_limit='512');
CREATE INDEX run_active_lease ON public.chat_run USING btree (lease_until) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'waiting_approval'::character varying])::text[]));
CREATE INDEX run_active_of_user ON public.chat_run USING btree (user_id) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'waiting_approval'::character varying])::text[]));
CREATE INDEX run_queued ON public.chat_run USING btree (created_at) WHERE ((status)::text = 'queued'::text);
CREATE INDEX run_thread ON public.chat_run USING btree (thread) WHERE (NOT ((thread)::text = ''::text));
CREATE UNIQUE INDEX served_model_once_per_server ON public.chat_servedmodel USING btree (server_id, name);
CREATE INDEX session_of_user ON public.chat_session USING btree (user_id, active_at DESC, id DESC) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX summary_once_per_model ON public.chat_summary USING btree (upto_id, model);
CREATE INDEX tag_lower_name ON public.documents_tag USING btree (lower((name)::text));
CREATE INDEX token_usage_of_key ON public.quotas_tokenusage USING btree (api_key_id, day);
CREATE INDEX token_usage_of_user ON public.quotas_tokenusage USING btree (user_id, day);
CREATE INDEX usage_event_at ON public.quotas_usageevent USING btree (created_at);
CREATE INDEX usage_event_of_key ON public.quotas_usageevent USING btree (api_key_id) WHERE (api_key_id IS NOT NULL);
CREATE INDEX usage_event_of_user ON public.quotas_usageevent USING btree (user_id, created_at);
CREATE INDEX webhook_delivery_due ON public.webhooks_delivery USING btree (endpoint_id, due_at) WHERE ((status)::text = 'pending'::text);
CREATE UNIQUE INDEX webhook_delivery_once ON public.webhooks_delivery USING btree (endpoint_id, event_id);
CREATE INDEX webhook_event_undistributed ON public.webhooks_event USING btree (created_at) WHERE (NOT distributed);
CREATE INDEX webhooks_delivery_created_at_a0173b39 ON public.webhooks_delivery USING btree (created_at);
CREATE INDEX webhooks_delivery_endpoint_id_6cbee67d ON public.webhooks_delivery USING btree (endpoint_id);
CREATE INDEX webhooks_delivery_event_id_b6f5af91 ON public.webhooks_delivery USING btree (event_id);
CREATE INDEX webhooks_endpoint_created_at_ec0fc1de ON public.webhooks_endpoint USING btree (created_at);
CREATE INDEX webhooks_event_created_at_b7da99cf ON public.webhooks_event USING btree (created_at);
CREATE TRIGGER usage_event_is_final BEFORE UPDATE ON public.quotas_usageevent FOR EACH ROW WHEN (((((((((((new.id IS DISTINCT FROM old.id) OR (new.created_at IS DISTINCT FROM old.created_at)) OR ((new.kind)::text IS DISTINCT FROM (old.kind)::text)) OR ((new.name)::text IS DISTINCT FROM (old.name)::text)) OR ((new.outcome)::text IS DISTINCT FROM (old.outcome)::text)) OR (new.tokens_in IS DISTINCT FROM old.tokens_in)) OR (new.tokens_out IS DISTINCT FROM old.tokens_out)) OR (new.bytes IS DISTINCT FROM old.bytes)) OR (new.duration_ms IS DISTINCT FROM old.duration_ms)) OR (new.user_id <> old.user_id) OR ((old.user_id IS NULL) AND (new.user_id IS NOT NULL)) OR (new.api_key_id <> old.api_key_id) OR ((old.api_key_id IS NULL) AND (new.api_key_id IS NOT NULL)) OR (new.group_ids <> old.group_ids) OR ((old.group_ids IS NULL) AND (new.group_ids IS NOT NULL)))) EXECUTE FUNCTION public.youworker_usage_event_is_final();
CREATE CONSTRAINT TRIGGER youworker_audit_link AFTER INSERT ON public.common_auditpending DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.youworker_audit_link();
CREATE CONSTRAINT TRIGGER youworker_audit_queue AFTER INSERT ON public.auditlog_logentry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.youworker_audit_queue();
CREATE TRIGGER youworker_webhooks_audited AFTER INSERT ON public.auditlog_logentry FOR EACH ROW WHEN (((new.additional_data ->> 'action'::text) IS NOT NULL)) EXECUTE FUNCTION public.youworker_webhooks_audited();
CREATE TRIGGER youworker_webhooks_run_ended AFTER UPDATE OF status ON public.chat_run FOR EACH ROW WHEN ((((old.status)::text IS DISTINCT FROM (new.status)::text) AND ((new.status)::text = ANY ((ARRAY['succeeded'::character varying, 'stopped'::character varying, 'failed'::character varying, 'interrupted'::character varying])::text[])))) EXECUTE FUNCTION public.youworker_webhooks_run_ended();
ALTER TABLE ONLY public.accounts_apikey
    ADD CONSTRAINT accounts_apikey_user_id_bd902026_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_authenticator
    ADD CONSTRAINT accounts_authenticator_user_id_2f362b65_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_dataexport
    ADD CONSTRAINT accounts_dataexport_user_id_1c3468c6_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_linkedidentity
    ADD CONSTRAINT accounts_linkedidentity_user_id_a7cb27c0_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_privateaccess
    ADD CONSTRAINT accounts_privateaccess_owner_id_d68da3fe_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_privateaccess
    ADD CONSTRAINT accounts_privateaccess_reader_id_c82027e3_fk_accounts_user_id FOREIGN KEY (reader_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_signin
    ADD CONSTRAINT accounts_signin_session_id_25040717_fk_django_se FOREIGN KEY (session_id) REFERENCES public.django_session(session_key) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_signin
    ADD CONSTRAINT accounts_signin_user_id_700b4e69_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_tokenusage
    ADD CONSTRAINT accounts_tokenusage_api_key_id_3d4db3ba_fk_accounts_apikey_id FOREIGN KEY (api_key_id) REFERENCES public.accounts_apikey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_tokenusage
    ADD CONSTRAINT accounts_tokenusage_user_id_cb0e661d_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_group_id_bd11a704_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_52b62117_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_permission_id_113bb443_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_user_id_e4f0a161_fk_accounts_ FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auditlog_logentry
    ADD CONSTRAINT auditlog_logentry_actor_id_959271d2_fk_accounts_user_id FOREIGN KEY (actor_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auditlog_logentry
    ADD CONSTRAINT auditlog_logentry_content_type_id_75830218_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_answerevaluation
    ADD CONSTRAINT chat_answerevaluatio_collection_id_fda9ea9d_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_answerevaluation
    ADD CONSTRAINT chat_answerevaluation_asker_id_3668b966_fk_accounts_user_id FOREIGN KEY (asker_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_document_id_bd8d3638_fk_documents_document_id FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_item_id_22cc8a09_fk_ingestion_ingestionitem_id FOREIGN KEY (item_id) REFERENCES public.ingestion_ingestionitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_message_id_bca6b8de_fk_chat_message_id FOREIGN KEY (message_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_session_id_5b6fa66c_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_attachment
    ADD CONSTRAINT chat_attachment_tool_run_id_2b93b211_fk_chat_toolrun_id FOREIGN KEY (tool_run_id) REFERENCES public.chat_toolrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_citation
    ADD CONSTRAINT chat_citation_document_id_1e6fab39_fk_documents_document_id FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_citation
    ADD CONSTRAINT chat_citation_message_id_4b8d52d0_fk_chat_message_id FOREIGN KEY (message_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_judgedanswer
    ADD CONSTRAINT chat_judgedanswer_question_id_70fbfd9e_fk_documents FOREIGN KEY (question_id) REFERENCES public.documents_goldenquestion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_judgedanswer
    ADD CONSTRAINT chat_judgedanswer_run_id_9e0045c4_fk_chat_answerevaluation_id FOREIGN KEY (run_id) REFERENCES public.chat_answerevaluation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_message
    ADD CONSTRAINT chat_message_parent_id_d93c704f_fk_chat_message_id FOREIGN KEY (parent_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_message
    ADD CONSTRAINT chat_message_run_id_64a439db_fk_chat_run_id FOREIGN KEY (run_id) REFERENCES public.chat_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_message
    ADD CONSTRAINT chat_message_session_id_9abc6edf_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_answer_id_e90a1687_fk_chat_message_id FOREIGN KEY (answer_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_api_key_id_addebb72_fk_accounts_apikey_id FOREIGN KEY (api_key_id) REFERENCES public.accounts_apikey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_question_id_bfb987e0_fk_chat_message_id FOREIGN KEY (question_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_session_id_a844280e_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_run
    ADD CONSTRAINT chat_run_user_id_8a92036a_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_servedmodel
    ADD CONSTRAINT chat_servedmodel_server_id_5c986760_fk_chat_modelserver_id FOREIGN KEY (server_id) REFERENCES public.chat_modelserver(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_session_collections
    ADD CONSTRAINT chat_session_collect_collection_id_94c94a65_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_session_collections
    ADD CONSTRAINT chat_session_collections_session_id_c2f49d85_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_session
    ADD CONSTRAINT chat_session_user_id_b860f903_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_sessioncollection
    ADD CONSTRAINT chat_sessioncollecti_collection_id_07b1ac7f_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_sessioncollection
    ADD CONSTRAINT chat_sessioncollection_session_id_09623450_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_sessioncollection
    ADD CONSTRAINT chat_sessioncollection_user_id_21fd0a97_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_summary
    ADD CONSTRAINT chat_summary_session_id_6bcd3c05_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_summary
    ADD CONSTRAINT chat_summary_upto_id_01e7325a_fk_chat_message_id FOREIGN KEY (upto_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolgrant
    ADD CONSTRAINT chat_toolgrant_session_id_8775652f_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolgrant
    ADD CONSTRAINT chat_toolgrant_tool_id_362b9e87_fk_mcp_tool_id FOREIGN KEY (tool_id) REFERENCES public.mcp_tool(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolgrant
    ADD CONSTRAINT chat_toolgrant_user_id_0a4f1dc9_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_decided_by_id_594a1a6a_fk_accounts_user_id FOREIGN KEY (decided_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_message_id_9eeed5ea_fk_chat_message_id FOREIGN KEY (message_id) REFERENCES public.chat_message(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_run_id_2a2e5527_fk_chat_run_id FOREIGN KEY (run_id) REFERENCES public.chat_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_session_id_6cc4540d_fk_chat_session_id FOREIGN KEY (session_id) REFERENCES public.chat_session(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_tool_id_e9853a8d_fk_mcp_tool_id FOREIGN KEY (tool_id) REFERENCES public.mcp_tool(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.chat_toolrun
    ADD CONSTRAINT chat_toolrun_user_id_dab8ed3d_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.common_idempotentrequest
    ADD CONSTRAINT common_idempotentrequest_user_id_2f36301f_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_collectionshare
    ADD CONSTRAINT documents_collection_collection_id_d3b192dd_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_collection
    ADD CONSTRAINT documents_collection_owner_id_72e54cff_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_collectionshare
    ADD CONSTRAINT documents_collectionshare_group_id_e4335aef_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_document
    ADD CONSTRAINT documents_document_collection_id_041e3fe8_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_document
    ADD CONSTRAINT documents_document_owner_id_04d2b723_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_document
    ADD CONSTRAINT documents_document_stored_file_id_02ddb9c2_fk_documents FOREIGN KEY (stored_file_id) REFERENCES public.documents_storedfile(sha256) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_document_tags
    ADD CONSTRAINT documents_document_t_document_id_006f35a8_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_document_tags
    ADD CONSTRAINT documents_document_tags_tag_id_4f4a71e9_fk_documents_tag_id FOREIGN KEY (tag_id) REFERENCES public.documents_tag(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_documentshare
    ADD CONSTRAINT documents_documentsh_document_id_9be134c4_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_documentshare
    ADD CONSTRAINT documents_documentshare_group_id_19466deb_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_documentversion
    ADD CONSTRAINT documents_documentve_document_id_42757b7a_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_documentversion
    ADD CONSTRAINT documents_documentve_stored_file_id_9ae03bdb_fk_documents FOREIGN KEY (stored_file_id) REFERENCES public.documents_storedfile(sha256) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_embeddingtask
    ADD CONSTRAINT documents_embeddingt_document_id_50f4ba31_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_embeddingtask
    ADD CONSTRAINT documents_embeddingt_model_id_d63f0453_fk_documents FOREIGN KEY (model_id) REFERENCES public.documents_embeddingmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_evaluationrun
    ADD CONSTRAINT documents_evaluation_collection_id_b2d8ee4d_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_evaluationrun
    ADD CONSTRAINT documents_evaluation_model_id_1d4f3e0f_fk_documents FOREIGN KEY (model_id) REFERENCES public.documents_embeddingmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_evaluationresult
    ADD CONSTRAINT documents_evaluation_question_id_0ec4bbd2_fk_documents FOREIGN KEY (question_id) REFERENCES public.documents_goldenquestion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_evaluationresult
    ADD CONSTRAINT documents_evaluation_run_id_2c1e72b1_fk_documents FOREIGN KEY (run_id) REFERENCES public.documents_evaluationrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_evaluationrun
    ADD CONSTRAINT documents_evaluation_searcher_id_8aa6d88b_fk_accounts_ FOREIGN KEY (searcher_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_goldenquestion
    ADD CONSTRAINT documents_goldenques_collection_id_f681e403_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_goldenquestion
    ADD CONSTRAINT documents_goldenquestion_author_id_05085891_fk_accounts_user_id FOREIGN KEY (author_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_passage
    ADD CONSTRAINT documents_passage_document_id_c4614cba_fk_documents_document_id FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_passageembedding
    ADD CONSTRAINT documents_passageemb_document_id_8706f189_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_passageembedding
    ADD CONSTRAINT documents_passageemb_model_id_3393f8ba_fk_documents FOREIGN KEY (model_id) REFERENCES public.documents_embeddingmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_passageembedding
    ADD CONSTRAINT documents_passageemb_passage_id_0106c411_fk_documents FOREIGN KEY (passage_id) REFERENCES public.documents_passage(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.documents_versionpassage
    ADD CONSTRAINT documents_versionpas_version_id_2ac55eea_fk_documents FOREIGN KEY (version_id) REFERENCES public.documents_documentversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_legalhold
    ADD CONSTRAINT groups_legalhold_group_id_ee531692_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_legalhold
    ADD CONSTRAINT groups_legalhold_released_by_id_8cd286f4_fk_accounts_user_id FOREIGN KEY (released_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_legalhold
    ADD CONSTRAINT groups_legalhold_set_by_id_05bf4749_fk_accounts_user_id FOREIGN KEY (set_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_legalhold
    ADD CONSTRAINT groups_legalhold_user_id_0be016e9_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_membership
    ADD CONSTRAINT groups_membership_group_id_dcb8901e_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_membership
    ADD CONSTRAINT groups_membership_user_id_0a0fb8a9_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_api_key_id_e6d2309a_fk_accounts_apikey_id FOREIGN KEY (api_key_id) REFERENCES public.accounts_apikey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_group_id_8a011fe5_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_quota
    ADD CONSTRAINT groups_quota_user_id_83c5ed1f_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_serviceaccount
    ADD CONSTRAINT groups_serviceaccoun_created_by_id_808723c2_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_serviceaccount
    ADD CONSTRAINT groups_serviceaccount_group_id_7ab900bc_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.groups_serviceaccount
    ADD CONSTRAINT groups_serviceaccount_user_id_7d6560b0_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_heardpiece
    ADD CONSTRAINT ingestion_heardpiece_item_id_860c2bee_fk_ingestion FOREIGN KEY (item_id) REFERENCES public.ingestion_ingestionitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestioni_document_id_883f6aa7_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestioni_parent_id_18200d79_fk_ingestion FOREIGN KEY (parent_id) REFERENCES public.ingestion_ingestionitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestioni_root_id_7c0dacfb_fk_ingestion FOREIGN KEY (root_id) REFERENCES public.ingestion_ingestionitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestioni_run_id_c48114db_fk_ingestion FOREIGN KEY (run_id) REFERENCES public.ingestion_ingestionrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionitem
    ADD CONSTRAINT ingestion_ingestioni_stored_file_id_95385073_fk_documents FOREIGN KEY (stored_file_id) REFERENCES public.documents_storedfile(sha256) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionrun
    ADD CONSTRAINT ingestion_ingestionr_collection_id_2e035fcc_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionrun
    ADD CONSTRAINT ingestion_ingestionr_source_id_924781aa_fk_ingestion FOREIGN KEY (source_id) REFERENCES public.ingestion_source(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_ingestionrun
    ADD CONSTRAINT ingestion_ingestionrun_owner_id_b368a723_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_scannedpage
    ADD CONSTRAINT ingestion_scannedpag_item_id_03aa54f7_fk_ingestion FOREIGN KEY (item_id) REFERENCES public.ingestion_ingestionitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_source
    ADD CONSTRAINT ingestion_source_collection_id_aec10b0d_fk_documents FOREIGN KEY (collection_id) REFERENCES public.documents_collection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_source
    ADD CONSTRAINT ingestion_source_owner_id_7e764f1b_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_sourceentry
    ADD CONSTRAINT ingestion_sourceentr_document_id_edd3915b_fk_documents FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_sourceentry
    ADD CONSTRAINT ingestion_sourceentry_source_id_f7f321a9_fk_ingestion_source_id FOREIGN KEY (source_id) REFERENCES public.ingestion_source(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ingestion_webpage
    ADD CONSTRAINT ingestion_webpage_document_id_fde43cf6_fk_documents_document_id FOREIGN KEY (document_id) REFERENCES public.documents_document(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_clientregistration
    ADD CONSTRAINT mcp_clientregistration_server_id_718f95f4_fk_mcp_server_id FOREIGN KEY (server_id) REFERENCES public.mcp_server(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_connection
    ADD CONSTRAINT mcp_connection_server_id_1291f673_fk_mcp_server_id FOREIGN KEY (server_id) REFERENCES public.mcp_server(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_connection
    ADD CONSTRAINT mcp_connection_user_id_e4e2cd4a_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_grouppolicy
    ADD CONSTRAINT mcp_grouppolicy_group_id_042c5acc_fk_groups_group_id FOREIGN KEY (group_id) REFERENCES public.groups_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_grouppolicy
    ADD CONSTRAINT mcp_grouppolicy_tool_id_99200b7b_fk_mcp_tool_id FOREIGN KEY (tool_id) REFERENCES public.mcp_tool(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mcp_tool
    ADD CONSTRAINT mcp_tool_server_id_8472a32b_fk_mcp_server_id FOREIGN KEY (server_id) REFERENCES public.mcp_server(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_usageevent
    ADD CONSTRAINT quotas_usageevent_api_key_id_9a87fa72_fk_accounts_apikey_id FOREIGN KEY (api_key_id) REFERENCES public.accounts_apikey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.quotas_usageevent
    ADD CONSTRAINT quotas_usageevent_user_id_e0c1ce39_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_endpoint_id_6cbee67d_fk_webhooks_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.webhooks_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_event_id_b6f5af91_fk_webhooks_event_id FOREIGN KEY (event_id) REFERENCES public.webhooks_event(id) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO public.django_migrations (app, name, applied) VALUES
('accounts', '0001_initial', now()),
('accounts', '0002_sign_ins', now()),
('accounts', '0003_key_networks', now()),
('accounts', '0004_private_access', now()),
('accounts', '0005_privacy', now()),
('accounts', '0006_token_usage', now()),
('accounts', '0007_second_factors_and_identities', now()),
('accounts', '0008_move_from_allauth', now()),
('accounts', '0009_two_looks_at_leases', now()),
('accounts', '0010_token_usage_in_quotas', now()),
('accounts', '0011_names_in_one_form', now()),
('accounts', '0012_words_of_choices', now()),
('admin', '0001_initial', now()),
('admin', '0002_logentry_remove_auto_add', now()),
('admin', '0003_logentry_add_action_flag_choices', now()),
('analytics', '0001_initial', now()),
('auditlog', '0001_initial', now()),
('auditlog', '0002_auto_support_long_primary_keys', now()),
('auditlog', '0003_logentry_remote_addr', now()),
('auditlog', '0004_logentry_detailed_object_repr', now()),
('auditlog', '0005_logentry_additional_data_verbose_name', now()),
('auditlog', '0006_object_pk_index', now()),
('auditlog', '0007_object_pk_type', now()),
('auditlog', '0008_action_index', now()),
('auditlog', '0009_alter_logentry_additional_data', now()),
('auditlog', '0010_alter_logentry_timestamp', now()),
('auditlog', '0011_logentry_serialized_data', now()),
('auditlog', '0012_add_logentry_action_access', now()),
('auditlog', '0013_alter_logentry_timestamp', now()),
('auditlog', '0014_logentry_cid', now()),
('auditlog', '0015_alter_logentry_changes', now()),
('auditlog', '0016_logentry_remote_port', now()),
('auditlog', '0017_add_actor_email', now()),
('auth', '0001_initial', now()),
('auth', '0002_alter_permission_name_max_length', now()),
('auth', '0003_alter_user_email_max_length', now()),
('auth', '0004_alter_user_username_opts', now()),
('auth', '0005_alter_user_last_login_null', now()),
('auth', '0006_require_contenttypes_0002', now()),
('auth', '0007_alter_validators_add_error_messages', now()),
('auth', '0008_alter_user_username_max_length', now()),
('auth', '0009_alter_user_last_name_max_length', now()),
('auth', '0010_alter_group_name_max_length', now()),
('auth', '0011_update_proxy_permissions', now()),
('auth', '0012_alter_user_first_name_max_length', now()),
('chat', '0001_initial', now()),
('chat', '0002_run_api_key', now()),
('chat', '0003_run_stop_requested', now()),
('chat', '0004_run_lease_token', now()),
('chat', '0005_run_state_and_decisions', now()),
('chat', '0006_run_endpoint', now()),
('chat', '0007_usage_of_past_runs', now()),
('chat', '0008_words_of_choices', now()),
('chat', '0009_branches_and_unsupported', now()),
('chat', '0010_session_limited', now()),
('chat', '0011_sessions_of_openai_clients', now()),
('chat', '0012_citations_outlive_passages', now()),
('chat', '0013_usage_of_past_sessions', now()),
('chat', '0014_summaries_and_system_prompts', now()),
('chat', '0015_attachments', now()),
('chat', '0016_approvals', now()),
('chat', '0017_citation_second', now()),
('chat', '0018_model_servers', now()),
('chat', '0019_files_of_tool_results', now()),
('chat', '0020_told_runs', now()),
('chat', '0021_words_of_errors', now()),
('chat', '0022_evaluations_of_answers', now()),
('common', '0001_initial', now()),
('common', '0002_audit_chain', now()),
('common', '0003_key_rotation', now()),
('common', '0004_audit_key_index', now()),
('contenttypes', '0001_initial', now()),
('contenttypes', '0002_remove_content_type_name', now()),
('documents', '0001_initial', now()),
('documents', '0002_document_file', now()),
('documents', '0003_language_codes', now()),
('documents', '0004_embedding_tasks', now()),
('documents', '0005_stored_files', now()),
('documents', '0006_index_version', now()),
('documents', '0007_names_in_one_form', now()),
('documents', '0008_words_of_choices', now()),
('documents', '0009_prompts_of_models', now()),
('documents', '0010_golden_questions', now()),
('documents', '0011_languages_of_documents', now()),
('documents', '0012_versions', now()),
('documents', '0013_private_collections', now()),
('documents', '0014_seconds_of_recordings', now()),
('documents', '0015_layouts_of_passages', now()),
('documents', '0016_answers_of_golden_questions', now()),
('documents', '0017_german_compounds', now()),
('groups', '0001_initial', now()),
('groups', '0002_service_accounts', now()),
('groups', '0003_quotas', now()),
('groups', '0004_retention', now()),
('groups', '0005_quotas_in_their_own_app', now()),
('groups', '0006_names_in_one_form', now()),
('ingestion', '0001_initial', now()),
('ingestion', '0002_item_accepted_at', now()),
('ingestion', '0003_two_looks_at_leases', now()),
('ingestion', '0004_items_follow_documents', now()),
('ingestion', '0005_usage_of_past_files', now()),
('ingestion', '0006_stored_files', now()),
('ingestion', '0007_members_of_archives', now()),
('ingestion', '0008_sources_and_crawls', now()),
('ingestion', '0009_scanned_pages', now()),
('ingestion', '0010_heard_pieces', now()),
('ingestion', '0011_words_of_scanned_pages', now()),
('mcp', '0001_initial', now()),
('mcp', '0002_tool_faults_and_protocol', now()),
('mcp', '0003_pins_effects_and_approvers', now()),
('mcp', '0004_connections', now()),
('mcp', '0005_openapi_documents', now()),
('quotas', '0001_initial', now()),
('quotas', '0002_usage_events', now()),
('quotas', '0003_sessions_are_counted', now()),
('quotas', '0004_titles_are_counted', now()),
('quotas', '0005_speech_is_counted', now()),
('sessions', '0001_initial', now()),
('webhooks', '0001_initial', now()),
('webhooks', '0002_outbox', now());
