#!/usr/bin/env bash
# A ZoneMinder of its own, for tests: `zoneminder.sh FOLDER PORT ZONE`, as root. Prints `ready` once it can be signed in to.
#
# The machine's own ZoneMinder, database and web server are neither used nor touched: in a mount namespace of its own
# every folder that Debian's packages write to is one below FOLDER. The web server listens on loopback alone, the
# database on no network at all. Everything ends with this process: it is the first of a process namespace.
# FOLDER must be reachable by www-data.
set -euo pipefail

if [[ "${ENTREVUE_ZONEMINDER_INSIDE:-}" != yes ]]; then
    exec env ENTREVUE_ZONEMINDER_INSIDE=yes unshare --mount --propagation private --pid --fork --mount-proc \
        --kill-child=KILL bash "${BASH_SOURCE[0]}" "$@"
fi

folder="$1" port="$2"
export TZ="$3"
socket="$folder/run/database.sock"
ulimit -n 1024 # ZoneMinder's daemons close every descriptor that they may have

lay_out_folders() { # bind each folder that the packages write to onto one of ours
    local name
    mkdir -p "$folder"/{database,run,log,exchange,etc} \
        "$folder"/cache/{events,images,temp/logs,temp/sessions,temp/cache/{models,persistent,views}}
    cp -a /etc/zm/. "$folder/etc/"
    chmod 0644 "$folder/etc/zm.conf"
    printf '%s\n' "ZM_DB_HOST=localhost:$socket" "ZM_PATH_FFMPEG=/usr/bin/ffmpeg" >"$folder/etc/conf.d/90-here.conf"
    chown -R www-data:www-data "$folder"/{database,run,log,exchange,cache}
    mkdir -p /run/zm /tmp/zm
    for name in etc:/etc/zm cache:/var/cache/zoneminder log:/var/log/zm run:/run/zm exchange:/tmp/zm; do
        mount --bind "$folder/${name%%:*}" "${name#*:}"
    done
    mount -t tmpfs -o size=512m tmpfs /dev/shm # frames in memory
}

database() { # database [NAME] < STATEMENTS
    mariadb --no-defaults --user=root --socket="$socket" "$@"
}

start_database() {
    mariadb-install-db --no-defaults --user=www-data --datadir="$folder/database" --skip-test-db \
        --auth-root-authentication-method=normal >"$folder/log/install.log" 2>&1
    mariadbd --no-defaults --user=www-data --datadir="$folder/database" --socket="$socket" --skip-networking \
        --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=8M --performance-schema=0 \
        >"$folder/log/database.log" 2>&1 &
    until database <<<"SELECT 1" >/dev/null 2>&1; do
        kill -0 $! || { cat "$folder/log/database.log" >&2; return 1; }
        sleep 0.1
    done
    database </usr/share/zoneminder/db/zm_create.sql
    database zm <<SQL
CREATE USER zmuser@localhost IDENTIFIED BY 'zmpass';
GRANT ALL ON zm.* TO zmuser@localhost;
UPDATE Users SET APIEnabled = 1;
UPDATE Config SET Value = '1' WHERE Name = 'ZM_OPT_USE_AUTH';
UPDATE Config SET Value = 'only-for-tests' WHERE Name = 'ZM_AUTH_HASH_SECRET';
UPDATE Config SET Value = '$TZ' WHERE Name = 'ZM_TIMEZONE';
UPDATE Config SET Value = '0' WHERE Name IN
    ('ZM_CHECK_FOR_UPDATES', 'ZM_TELEMETRY_DATA', 'ZM_MIN_RTSP_PORT', 'ZM_SHOW_PRIVACY');
SQL
}

start_web_server() {
    local modules=/usr/lib/apache2/modules name
    {
        printf '%s\n' "ServerRoot /usr/lib/apache2" "ServerName 127.0.0.1" "Listen 127.0.0.1:$port" \
            "PidFile $folder/run/apache.pid" "DefaultRuntimeDir $folder/run" "User www-data" "Group www-data" \
            "ErrorLog $folder/log/web-server.log" "TypesConfig /etc/mime.types"
        for name in mpm_prefork authz_core alias dir mime env cgi; do
            echo "LoadModule ${name}_module modules/mod_$name.so"
        done
        echo "LoadModule php_module $(ls "$modules"/libphp*.so | tail -n 1)"
        cat <<CONF
php_admin_value date.timezone "$TZ"
php_admin_value session.save_path $folder/cache/temp/sessions
DocumentRoot /usr/share/zoneminder/www
ScriptAlias /zm/cgi-bin /usr/lib/zoneminder/cgi-bin
Alias /zm/api /usr/share/zoneminder/www/api/app/webroot
Alias /zm /usr/share/zoneminder/www
<FilesMatch "\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
<Directory />
    Options FollowSymLinks ExecCGI
    Require all granted
    DirectoryIndex index.php
</Directory>
<Location /zm/api>
    FallbackResource /zm/api/index.php
</Location>
CONF
    } >"$folder/run/apache.conf"
    apache2 -f "$folder/run/apache.conf" -DFOREGROUND &
}

lay_out_folders
start_database
start_web_server
runuser -u www-data -- env TZ="$TZ" zmpkg.pl start >"$folder/log/zmpkg.log" 2>&1
echo ready
wait
