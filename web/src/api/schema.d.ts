// Made by client.mjs.
export interface paths {
    "/v1/archives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The archives that the caller may search */
        get: operations["archives"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an archive is, and how much is in it */
        get: operations["archive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is in it, by modality, site, month, ..
         * @description As mi2 index stats --format json; for callers who may see some rows only, their totals.
         */
        get: operations["archive_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/refused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was refused when it was to be added, and why
         * @description How many files by reason, and, with the right to see paths, the files, the newest first. Only for keys that may see all rows.
         */
        get: operations["archive_refused"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Images by modality, body part, month, site, station and label */
        get: operations["archive_facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The nearest studies, series, patients or images
         * @description Exact under every filter. What is searched is the sum of the directions of all that is given, less those of what begins with not_.
         */
        post: operations["archive_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items/{item}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is known of an image */
        get: operations["archive_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items/{item}/thumb": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The thumbnail of an image
         * @description Of the mean of a series that of its middle slice. With the ETag of an answer before in If-None-Match, 304 without a body.
         */
        get: operations["archive_thumb"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items/{item}/heatmap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where in an image of the archive is what a text says
         * @description As POST, of one text. What is in an address may be kept by browsers and proxies: a text about a patient belongs into a body.
         */
        get: operations["archive_heatmap_by_query"];
        put?: never;
        /**
         * Where in an image of the archive is what was searched for
         * @description The body says what is searched for as that of a search does, without its options; all of it makes one map, as it makes one search. The image is read again from the file that it was added from: 404 where that is not on a disk of the server any more or the item may not be seen; 409 where it has changed since, where the item's vector does not follow from its frame alone, or where no model of the archive's weights is served.
         */
        post: operations["archive_heatmap"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items/{item}/neighbours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A search by an image of the archive */
        get: operations["archive_neighbours"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/outliers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What lies far from a part that is usual
         * @description As mi2 index outliers, over the rows that the caller may see.
         */
        get: operations["archive_outliers"];
        put?: never;
        /**
         * What lies far from a part that is usual
         * @description As GET, with filters as trees too.
         */
        post: operations["archive_outliers_by_body"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/drift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether stations, months or sites look as a reference
         * @description As mi2 index drift, over the rows that the caller may see.
         */
        get: operations["archive_drift"];
        put?: never;
        /**
         * Whether stations, months or sites look as a reference
         * @description As GET, with filters as trees too.
         */
        post: operations["archive_drift_by_body"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Series whose tag is not what their neighbours have
         * @description As mi2 index tags, over the rows that the caller may see.
         */
        get: operations["archive_tags"];
        put?: never;
        /**
         * Series whose tag is not what their neighbours have
         * @description As GET, with filters as trees too.
         */
        post: operations["archive_tags_by_body"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/dups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pictures that are there twice
         * @description As mi2 index dups, of levels pixels and reencoded, over the rows that the caller may see.
         */
        get: operations["archive_dups"];
        put?: never;
        /**
         * Pictures that are there twice
         * @description As GET, with a filter as a tree too.
         */
        post: operations["archive_dups_by_body"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add files
         * @description Files of a form, curl -F file=@scan.dcm, or one file as the body (application/dicom, an image's type or application/octet-stream). They are embedded and not kept. The same file again changes nothing. Or vectors that were made before, curl -F vectors=@v.npy -F rows=@v.npy.rows.jsonl -F table=@images.csv, as mi2 index add takes them: paths are names, and no file of the server is read; another vector of the same name takes the place of the one before. Without the right to, there is no such path.
         */
        post: operations["archive_add_items"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Label studies, series and images
         * @description As mi2 index label, a row for each line of a file: filters find them by label.KEY, and results have them. Rows of what the archive does not have, and those that say another value than the one that is there, are counted; all others are written at once. Without the right to add, there is no such path.
         */
        post: operations["archive_add_labels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Store DICOM objects (STOW-RS)
         * @description The body is multipart/related; type=application/dicom, as PS3.18 says. The objects are embedded and not kept. Without the right to, there is no such path.
         */
        post: operations["archive_store_studies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/studies/{study}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A study's series and their images, in order */
        get: operations["archive_study"];
        put?: never;
        /**
         * Store DICOM objects (STOW-RS)
         * @description The body is multipart/related; type=application/dicom, as PS3.18 says. Objects of other studies fail. The objects are embedded and not kept. Without the right to, there is no such path.
         */
        post: operations["archive_store_study"];
        /**
         * Take a study out
         * @description Without the right to, there is no such path.
         */
        delete: operations["archive_remove_study"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/cards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search, and answer with an evidence card
         * @description The body is that of a search, without a cursor, and notes of what it finds. The card says what was asked, searched, left out and found, so that the search can be repeated to the last bit: as JSON, or as a page if Accept names text/html and not application/json. Only for keys that may see all rows.
         */
        post: operations["archive_make_card"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/cards/{card}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A card that was kept
         * @description With .html behind the id, its page.
         */
        get: operations["archive_card"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/cards/{card}/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the results of a kept card as DICOM objects
         * @description As mi2 index push: a structured report and a picture in each study that the card has results in. Without "send" the answer says what would be sent. Where to is one of the operator's names (push_to of the archive). The same card makes the same objects, so that a second push changes nothing. Only for keys with the right to push.
         */
        post: operations["archive_push"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/tags/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send tags that may be wrong as DICOM objects
         * @description As mi2 index push of a table of mi2 index tags: a structured report in each study, of those results of tags that the caller has accepted, each once. Without "send" the answer says what would be sent. A fix is left out if the archive has another series or tag by now, or no series with the suggested value. Where to is one of the operator's names (push_to of the archive). Equal fixes make equal objects. Only for keys with the right to push.
         */
        post: operations["archive_push_tags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Repeat a card's search and compare
         * @description The body is a card, byte by byte as it was given. Searches as of the card's snapshot with the vectors that the card holds; what differs is a result, not an error. Only for keys that may see all rows.
         */
        post: operations["archive_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The points of the archive's map
         * @description Little-endian. A header of 40 bytes: MI2POINT, version 1 and the number of points (uint32 each), the smallest and the largest x and then y (float32 each), the snapshot (uint64). Then 12 bytes for each point, by item: x and y from 0 at the smallest to 65,535 at the largest (uint16 each), the item (uint32), the facet as the legend numbers it (uint16), 1 if it was placed after the map was made, else 0 (uint16). 404 until mi2 index map has made one.
         */
        get: operations["archive_map"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/map/{z}/{x}/{y}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The points of a part of the archive's map
         * @description The map's square is divided into 2^z x 2^z tiles. Only the 12 bytes of each point, by item, as the map has them: x and y are those of the whole map, from 0 to 65,535 over all points that the caller may see, whatever the filter.
         */
        get: operations["archive_map_tile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/map/legend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the facets of the map's points mean */
        get: operations["archive_map_legend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/classify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Scores of labels for images of the archive, or for images that are sent
         * @description As mi2 classify --embeddings, from the vectors that the archive has: labels are texts, in templates or not, or those of a served classifier. Of images that are sent, of items, or of what a filter lets by. A verdict says whether the nearest label is nearer than texts of nothing medical are to the archive.
         */
        post: operations["archive_classify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/heads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Heads that are kept, the newest first
         * @description With a where in the caller's rights only those that were trained with the same.
         */
        get: operations["archive_heads"];
        put?: never;
        /**
         * Train a head on labelled items
         * @description As mi2 adapter train with --kind linear: logistic regression on the vectors that the archive has, judged by cross-validation in which the rows of a patient stay together. Only where the server keeps heads, for keys with the right to label.
         */
        post: operations["archive_train_head"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/heads/{head}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A head: what it was trained on and what it is worth */
        get: operations["archive_head"];
        put?: never;
        post?: never;
        /**
         * Delete a head
         * @description As if it had not been trained. Only for keys with the right to label.
         */
        delete: operations["archive_remove_head"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/heads/{head}/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Probabilities of a head's labels for items, or for what a filter lets by
         * @description From the vectors that the archive has: by item, the least decided first, or those first that have a label most probably.
         */
        post: operations["archive_apply_head"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/heads/{head}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The head's files, for mi2 adapter classify
         * @description Saved as NAME.json and NAME.safetensors they are what mi2 adapter train writes.
         */
        get: operations["archive_head_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/items/{item}/pixels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An image from the file that it was added from
         * @description Through a window, with 8 bits. With the ETag of an answer before in If-None-Match, 304 without a body.
         */
        get: operations["archive_pixels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/studies/{study}/similarity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The cosine of each image of a study with a query
         * @description Exact, from the stored vectors, in the order of the study.
         */
        post: operations["archive_similarity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/studies/{study}/matches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Of each image of a study the nearest one of another
         * @description Exact, from the stored vectors, in the order of the study. At most 4,000,000 pairs are compared.
         */
        get: operations["archive_matches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/archives/{archive}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who did what with the archive, the newest first
         * @description With the right administer, and a server that keeps a list (mi2 serve --audit). Without the right, there is no such path.
         */
        get: operations["archive_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        OpenAiError: {
            error: {
                message: string;
                type: string;
                param: null;
                code: string;
            };
        };
        Archive: {
            name: string;
            id: string;
            created?: string;
            dimensions: number;
            weights_sha256: string;
            profile?: string;
            windows?: string;
            snapshot: number;
            patients?: number;
            studies?: number;
            series?: number;
            instances?: number;
            images: number;
            rights?: string[];
            restricted?: boolean;
            keeps_cards?: boolean;
            /** @description Heads may be trained and applied */
            keeps_heads?: boolean;
            keeps_audit?: boolean;
            /** @description Where the caller may send results */
            push_to?: string[];
            /** @description Served classifiers of the archive's weights */
            classifiers?: string[];
            /** @description Of an archive in a database: whether that answers, and how long ago what is answered was seen to be all of it */
            database?: {
                answers: boolean;
                seconds: number;
            };
        };
        Refused: {
            refused: number;
            /** @description By the code of the reason; of what was skipped by the reason */
            by: {
                [key: string]: number;
            };
            snapshot: number;
            more?: boolean;
            /** @description With the right to see paths */
            files?: {
                path: string;
                code: string;
                reason: string;
                at: string;
            }[];
        };
        Facets: {
            snapshot: number;
            images: number;
            facets: {
                [key: string]: components["schemas"]["Facet"];
            };
        };
        Facet: {
            /** @description There are further values */
            more: boolean;
            values: {
                value: string | null;
                images: number;
            }[];
        };
        ArchiveSearch: {
            text?: components["schemas"]["Several"];
            not_text?: components["schemas"]["Several"];
            image?: components["schemas"]["SeveralImages"];
            not_image?: components["schemas"]["SeveralImages"];
            dicomweb_uri?: components["schemas"]["SeveralInstances"];
            item?: components["schemas"]["SeveralItems"];
            not_item?: components["schemas"]["SeveralItems"];
            study?: components["schemas"]["Several"];
            not_study?: components["schemas"]["Several"];
            series?: components["schemas"]["Several"];
            not_series?: components["schemas"]["Several"];
            vector?: components["schemas"]["SeveralVectors"];
            not_vector?: components["schemas"]["SeveralVectors"];
            k?: number | null;
            /** @enum {unknown} */
            by?: "study" | "series" | "patient" | "image" | "tile" | null;
            /**
             * @description A result is its best image, a series by the mean of its images, or compared image by image: the mean of the cosines of each image asked for and the nearest of the result
             * @enum {unknown}
             */
            match?: "best" | "mean" | "maxsim" | null;
            /**
             * @description Images of the query's own patient
             * @enum {unknown}
             */
            same_patient?: "exclude" | "include" | "only" | null;
            /** @description Where an image comes from, as mi2 index add had it */
            site?: string | null;
            region?: components["schemas"]["ImageRegion"];
            /** @description Through which images are seen: CENTER,WIDTH, or lung, soft, bone, brain or file; one of the archive's */
            window?: string | null;
            where?: components["schemas"]["Filter"];
            exclude_study?: components["schemas"]["Several"];
            /** @description Results that score less are left out; auto: those whose verdict is none */
            min_score?: number | "auto" | null;
            /** @description Of the page before, with the same search */
            cursor?: string | null;
        };
        Several: string | string[] | null;
        /** @description Files as base64: PNG, JPEG, DICOM, .. */
        SeveralImages: string | string[] | null;
        /** @description Objects of a DICOMweb server whose host the operator allows: http(s)://HOST/PATH/studies/UID/series/UID/instances/UID */
        SeveralInstances: string | string[] | null;
        /** @description Numbers that results name */
        SeveralItems: number | number[] | null;
        SeveralVectors: components["schemas"]["Vector"] | components["schemas"]["Vector"][] | null;
        Vector: number[];
        /** @description The part of the one image to search for, in its pixels; as a list x, y, width, height */
        ImageRegion: {
            x: number;
            y: number;
            width: number;
            height: number;
        } | number[] | null;
        /** @description EXPR, such as modality in (CT,MR) and date>=2020, or the same as a tree */
        Filter: string | Record<string, never> | null;
        ArchiveResults: {
            results: components["schemas"]["ArchiveResult"][];
            /** @description Proven: nothing that was searched is missing */
            exact: boolean;
            snapshot: number;
            searched: number;
            excluded: {
                same_patient?: number;
                /** @description Of patients who have pictures of the same patient, pixel by pixel */
                linked_patients?: number;
                other_patients?: number;
                filter?: number;
                deleted?: number;
                /** @description With min_score: of the page's results, those that score less */
                score?: number;
            };
            /** @description If it was asked for; what auto was */
            min_score?: number;
            more: boolean;
            cursor?: string;
            /** @description The patient left out has so many of the studies that the identifier is probably nobody's */
            crowded_patient?: boolean;
            provenance: {
                archive?: string;
                weights_sha256?: string;
                profile?: string;
                version?: string;
            };
        };
        ArchiveResult: components["schemas"]["ArchiveItem"] & {
            rank: number;
            score: number;
            percentile?: number;
            /** @enum {unknown} */
            verdict?: "match" | "weak" | "none";
            /** @description Tags that a query by one thing of the archive has in common with it */
            agrees?: string[];
            differs?: string[];
            /** @description With maxsim: for each image asked for the nearest of the result */
            pairs?: {
                /** @description The image asked for, or a slice of the series or study asked for */
                asked?: number;
                item: number;
                cosine: number;
            }[];
        };
        ArchiveItem: {
            item: number;
            /** @description With the right to see paths */
            path?: string;
            /** @enum {unknown} */
            kind?: "image" | "series";
            study?: string;
            series?: string;
            image?: string;
            frame?: number;
            frames?: number;
            tile?: components["schemas"]["Tile"];
            /** @description In an archive of several windows, the one through which it was seen */
            window?: string;
            position?: number;
            modality?: string;
            body_part?: string;
            date?: string;
            study_description?: string;
            series_description?: string;
            site?: string;
            station?: string;
            /** @description Of the image, its series and its study */
            labels?: components["schemas"]["ItemLabel"][];
            /** @description There is a thumbnail; absent: there is none */
            thumb?: boolean;
            snapshot?: number;
        };
        /** @description Of a whole slide, in pixels of its finest level */
        Tile: {
            /** @description That it was read from; 0: the finest */
            level: number;
            x: number;
            y: number;
            width: number;
            height: number;
            /** @description um between the pixels that the model sees; absent: the slide does not say */
            mpp?: number;
        };
        HeatmapAnswer: {
            rows: number;
            cols: number;
            /** @description Width and height of the image, in its own pixels */
            picture: number[];
            /** @description What all cells cover: x, y, width and height in pixels of the image */
            covers: number[];
            /** @description Where columns begin, and the last ends: cols + 1 pixels of the image */
            x: number[];
            /** @description Where rows begin, and the last ends: rows + 1 pixels of the image */
            y: number[];
            /** @description What the maps can show, for people */
            resolution: string;
            maps: {
                /** @description text 1, .., image 1, .. */
                query: string;
                least: number;
                most: number;
                /** @description The cosine of the image's own vector */
                whole: number;
                /** @description Row by row */
                cosines: number[][];
            }[];
        };
        Outliers: {
            judged: number;
            outliers: number;
            threshold: number;
            reference: number;
            reference_judged?: number;
            alone?: number;
            too_few?: number;
            snapshot: number;
            more: boolean;
            results: (components["schemas"]["ArchiveItem"] & {
                rank: number;
                score: number;
                threshold?: number;
                outlier: boolean;
                rarity?: number | null;
                images?: number;
                nearest: components["schemas"]["ArchiveItem"];
            })[];
        };
        OutliersRequest: {
            reference: components["schemas"]["Filter"];
            test?: components["schemas"]["Filter"];
            /** @enum {unknown} */
            pool?: "image" | "mean" | "stats7" | "center20" | null;
            k?: number | null;
            quantile?: number | null;
            /** @description In place of quantile */
            threshold?: number | null;
            only_outliers?: boolean | null;
            limit?: number | null;
        };
        Drift: {
            reference: number;
            sampled: number;
            patients: number;
            snapshot: number;
            groups: {
                station?: string | null;
                month?: string | null;
                modality?: string | null;
                body_part?: string | null;
                site?: string | null;
                images: number;
                sampled: number;
                patients: number;
                distance: number;
                p: number;
                p_holm: number;
                snapshot?: number;
                moved: (components["schemas"]["ArchiveItem"] & {
                    by: number;
                })[];
            }[];
        };
        DriftRequest: {
            reference: components["schemas"]["Filter"];
            test?: components["schemas"]["Filter"];
            by?: string | ("station" | "month" | "modality" | "body_part" | "site")[] | null;
            permutations?: number | null;
            sample?: number | null;
            moved?: number | null;
            seed?: number | null;
        };
        Tags: {
            judged: number;
            agreed: number;
            undecided: number;
            alone: number;
            doubtful: number;
            snapshot: number;
            more: boolean;
            results: (components["schemas"]["ArchiveItem"] & {
                field: string;
                tag: string | null;
                suggested: string;
                agreement: number;
                same?: number;
                nearest?: number[];
                /** @description neighbours:K, or adapter: and its SHA-256 */
                method: string;
                snapshot: number;
            })[];
        };
        TagsRequest: {
            /** @enum {unknown} */
            field?: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "sequence" | "protocol" | null;
            k?: number | null;
            /** @description A head of the archive that is asked in place of k neighbours */
            head?: string | null;
            min_agreement?: number | null;
            where?: components["schemas"]["Filter"];
            limit?: number | null;
        };
        Dups: {
            /** @description Groups in all */
            duplicates: number;
            compared: number;
            blank?: number;
            plain?: number;
            unhashed?: number;
            snapshot: number;
            more: boolean;
            groups: {
                group: number;
                level: string;
                patients: number;
                snapshot?: number;
                members: (components["schemas"]["ArchiveItem"] & {
                    why: string;
                    cosine?: number;
                    bits?: number;
                })[];
            }[];
        };
        DupsRequest: {
            /** @enum {unknown} */
            level?: "pixels" | "reencoded" | null;
            where?: components["schemas"]["Filter"];
            limit?: number | null;
        };
        LabelsRequest: {
            /** @description Who says so; user if it is left out */
            by?: string | null;
            /** @description Another value takes the place of the one that is there */
            replace?: boolean | null;
            labels: {
                [key: string]: string | number | boolean | null;
            }[];
        };
        LabelledRows: {
            /** @description How many */
            labels: number;
            /** @description The first of their rows, from 1 */
            rows: number[];
        };
        Labelled: {
            added: number;
            replaced: number;
            /** @description That were there */
            same: number;
            unknown: components["schemas"]["LabelledRows"];
            refused: components["schemas"]["LabelledRows"];
            snapshot: number;
        };
        ItemLabel: {
            /** @enum {unknown} */
            of: "item" | "image" | "series" | "study";
            key: string;
            value: string;
            by: string;
            score?: number;
        };
        AddedFiles: {
            files: {
                /** @description From 1, in the order in which they were sent */
                file: number;
                /** @enum {unknown} */
                outcome: "stored" | "copy" | "conflict" | "refused";
                image?: string;
                study?: string;
                code?: string;
                reason?: string;
            }[];
            stored: number;
            copies: number;
            conflicts: number;
            refused: number;
            snapshot: number;
        };
        AddedVectors: {
            added: number;
            unchanged: number;
            replaced: number;
            refused: number;
            snapshot: number;
            /** @description Up to 1000 of those that were refused */
            rows: {
                name: string;
                code: string;
                reason: string;
            }[];
        };
        /** @description DICOM JSON: ReferencedSOPSequence (00081199), FailedSOPSequence (00081198) and OtherFailuresSequence (0008119A) */
        StoredObjects: Record<string, never>;
        Study: {
            study: string;
            date?: string;
            study_description?: string;
            site?: string;
            images: number;
            /** @description There are images beyond the first 20,000 */
            more: boolean;
            snapshot: number;
            /** @description Where the server's viewer shows the study, if it has one and the archive keeps identifiers */
            viewer?: string;
            series: components["schemas"]["StudySeries"][];
        };
        StudySeries: {
            series: string;
            modality?: string;
            body_part?: string;
            series_description?: string;
            station?: string;
            /** @description In an archive of several windows, the one through which its images were seen: the series comes once for each */
            window?: string;
            /** @description It is of another study than the first series, of another patient as far as is known, with the same identifier; absent: it is not */
            other_study?: boolean;
            /** @description In the order in which they lie */
            items: components["schemas"]["StudyItem"][];
        };
        StudyItem: {
            item: number;
            image?: string;
            /** @description Of its object, from 1 */
            frame: number;
            frames: number;
            tile?: components["schemas"]["Tile"];
            /** @description In an archive of several windows, the one through which it was seen */
            window?: string;
            /** @description mm along the normal of its plane */
            position?: number;
            /** @description There is a thumbnail; absent: there is none */
            thumb?: boolean;
        };
        CardRequest: {
            text?: components["schemas"]["Several"];
            not_text?: components["schemas"]["Several"];
            image?: components["schemas"]["SeveralImages"];
            not_image?: components["schemas"]["SeveralImages"];
            dicomweb_uri?: components["schemas"]["SeveralInstances"];
            item?: components["schemas"]["SeveralItems"];
            not_item?: components["schemas"]["SeveralItems"];
            study?: components["schemas"]["Several"];
            not_study?: components["schemas"]["Several"];
            series?: components["schemas"]["Several"];
            not_series?: components["schemas"]["Several"];
            vector?: components["schemas"]["SeveralVectors"];
            not_vector?: components["schemas"]["SeveralVectors"];
            k?: number | null;
            /** @enum {unknown} */
            by?: "study" | "series" | "patient" | "image" | "tile" | null;
            /**
             * @description A result is its best image, a series by the mean of its images, or compared image by image: the mean of the cosines of each image asked for and the nearest of the result
             * @enum {unknown}
             */
            match?: "best" | "mean" | "maxsim" | null;
            /**
             * @description Images of the query's own patient
             * @enum {unknown}
             */
            same_patient?: "exclude" | "include" | "only" | null;
            /** @description Where an image comes from, as mi2 index add had it */
            site?: string | null;
            region?: components["schemas"]["ImageRegion"];
            /** @description Through which images are seen: CENTER,WIDTH, or lung, soft, bone, brain or file; one of the archive's */
            window?: string | null;
            where?: components["schemas"]["Filter"];
            exclude_study?: components["schemas"]["Several"];
            /** @description Results that score less are left out; auto: those whose verdict is none */
            min_score?: number | "auto" | null;
            notes?: components["schemas"]["CardNotes"] | null;
        };
        CardNotes: {
            /** @description Of the search; at most 4000 bytes */
            text?: string | null;
            results?: {
                /** @description Of a result, which is pinned */
                item: number;
                text?: string | null;
            }[] | null;
        };
        EvidenceCard: {
            /**
             * @description 5: with a least score; 4: of tiles; 3: slice by slice; 2: with notes or pins
             * @enum {unknown}
             */
            card: 1 | 2 | 3 | 4 | 5;
            /** @description SHA-256 of the same text without this member */
            id: string;
            /** @description The card before in the folder where it is kept */
            previous?: string;
            made_at: string;
            mi2_version: string;
            /** @description What whoever made it says of the search */
            note?: string;
            archive: Record<string, never>;
            asked: {
                parts?: {
                    /** @enum {unknown} */
                    as?: "text" | "image" | "item" | "series" | "study" | "vector";
                    text?: string;
                    sha256?: string;
                    item?: number;
                    uid?: string;
                    weight?: number;
                }[];
                where?: string;
                k?: number;
                by?: string;
                same_patient?: string;
                min_score?: number;
                min_score_auto?: boolean;
            };
            searched: {
                rows?: number;
                snapshot?: number;
                exact?: boolean;
            };
            results: {
                rank: number;
                score: number;
                percentile?: number;
                /** @enum {unknown} */
                verdict?: "match" | "weak" | "none";
                pinned?: boolean;
                note?: string;
                item: number;
                /** @enum {unknown} */
                kind: "frame" | "series";
                frame: number;
                frames: number;
                tile?: components["schemas"]["Tile"];
                /** @description In an archive of several windows, the one through which it was seen */
                window?: string;
                study?: string;
                series?: string;
                image?: string;
                modality?: string;
                body_part?: string;
                date?: string;
                study_description?: string;
                series_description?: string;
                site?: string;
                station?: string;
            }[];
        };
        PushRequest: {
            /** @description A name of push_to */
            to: string;
            /** @enum {unknown} */
            as?: "sr" | "sc" | "both" | null;
            /** @default false */
            send: boolean | null;
        };
        Pushed: {
            /** @description Not of tags */
            card?: string;
            to: string;
            send: boolean;
            sent: number;
            failed: number;
            /** @description Results that no study has */
            of_no_study: number;
            objects: {
                /** @enum {unknown} */
                kind: "SR" | "SC";
                object: string;
                study: string;
                results: number;
                left_out: number;
                bytes: number;
                /** @enum {unknown} */
                outcome: "not_sent" | "sent" | "was_there" | "failed";
                reason?: string;
            }[];
            left_out: {
                what: string;
                code: string;
                reason: string;
            }[];
        };
        PushTagsRequest: {
            /** @description A name of push_to */
            to: string;
            /** @default false */
            send: boolean | null;
            /** @description Results of tags */
            fixes: {
                /** @enum {unknown} */
                field: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "sequence" | "protocol";
                tag?: string | null;
                suggested: string;
                agreement: number;
                method: string;
                item: number;
                snapshot: number;
                study?: string | null;
                series?: string | null;
            }[];
        };
        Replay: {
            card: string;
            /** @description Nothing differs, to the last bit */
            same: boolean;
            differences: {
                /** @enum {unknown} */
                what: "erased" | "missing" | "new" | "rank" | "score" | "object" | "verdict" | "searched" | "query";
                rank?: number;
                text: string;
            }[];
            notes: string[];
        };
        MapLegend: {
            /** @enum {unknown} */
            by: "image" | "series";
            /** @enum {unknown} */
            method: "umap" | "pca";
            colour: string;
            /** @description The last change that the map knows */
            snapshot: number;
            /** @description The change of which it was made; what came later is placed among its neighbours */
            fitted: number;
            points: number;
            values: {
                facet: number;
                value: string;
                points: number;
            }[];
            /** @description Points without a value: facet 0 */
            none: number;
            /** @description Points of rarer values: facet 65,535 */
            other: number;
        };
        ClassifyRequest: {
            labels?: string[] | null;
            /** @description Each has {} where the label goes, at most eight times; several are averaged */
            templates?: string[] | null;
            /** @description Each label on its own: a sigmoid, not a softmax */
            multilabel?: boolean | null;
            /** @description In place of labels: one of the archive's classifiers */
            classifier?: string | null;
            image?: components["schemas"]["SeveralImages"];
            items?: components["schemas"]["SeveralItems"];
            where?: components["schemas"]["Filter"];
            /** @enum {unknown} */
            by?: "image" | "series" | null;
            limit?: number | null;
        };
        Classified: {
            labels: string[];
            multilabel: boolean;
            /** @description Images or series that the filter lets by */
            chosen: number;
            snapshot: number;
            more: boolean;
            results: ((components["schemas"]["ArchiveItem"] & components["schemas"]["ClassScores"]) | ({
                /** @description From 1, in the order in which they were sent */
                file: number;
            } & components["schemas"]["ClassScores"]))[];
        };
        ClassScores: {
            /** @description The one with the highest score */
            label: string;
            scores: number[];
            /** @description Of the nearest label; of a classifier there is none */
            cosine?: number;
            percentile?: number;
            /**
             * @description none: no label fits
             * @enum {unknown}
             */
            verdict?: "match" | "weak" | "none";
        };
        HeadInShort: {
            id: string;
            name: string;
            made_at: string;
            snapshot: number;
            /** @description Trained by a key that may see some rows only */
            restricted: boolean;
            labels: string[];
            /** @description That it was trained on */
            images: number;
            accuracy: components["schemas"]["HeadFigure"];
            balanced_accuracy: components["schemas"]["HeadFigure"];
        };
        /** @description low and high: its interval, null where the rows are too few for one */
        HeadFigure: {
            value: number | null;
            low: number | null;
            high: number | null;
        };
        TrainRequest: {
            /** @description Of two labels or more, at most 32, and of two patients or more */
            items: {
                item: number;
                /** @description At most 200 bytes */
                label: string;
            }[];
            name?: string | null;
            /** @description Items of rare labels weigh more */
            balanced?: boolean | null;
            seed?: number | null;
        };
        Head: {
            id: string;
            name: string;
            made_at: string;
            snapshot: number;
            restricted: boolean;
            items: {
                item: number;
                label: string;
            }[];
            report: components["schemas"]["HeadReport"];
        };
        /** @description As mi2 adapter train --format json */
        HeadReport: {
            labels: string[];
            /** @description That the figures rest on */
            rows: number;
            train_rows?: number;
            evaluated_on?: string;
            accuracy: components["schemas"]["HeadFigure"];
            balanced_accuracy: components["schemas"]["HeadFigure"];
            mean_auc: components["schemas"]["HeadFigure"];
            classes: {
                label: string;
                support: number;
                train_rows: number;
                groups?: number;
                train_groups?: number;
                auc: components["schemas"]["HeadFigure"];
                precision: number;
                recall: number;
                f1?: number;
            }[];
            split: {
                train: {
                    rows: number;
                    /** @description Patients */
                    groups?: number;
                };
            };
            warnings: string[];
        };
        ApplyRequest: {
            items?: components["schemas"]["SeveralItems"];
            where?: components["schemas"]["Filter"];
            /** @enum {unknown} */
            by?: "image" | "series" | null;
            /**
             * @description uncertain: the smallest margin first; probable: the highest probability of label first
             * @enum {unknown}
             */
            order?: "item" | "uncertain" | "probable" | null;
            /** @description With order probable: one of the head's */
            label?: string | null;
            /** @description Left out, as those that are labelled already */
            not_items?: number[] | null;
            limit?: number | null;
        };
        Applied: {
            head: string;
            labels: string[];
            /** @description Images or series that the filter lets by */
            chosen: number;
            snapshot: number;
            more: boolean;
            results: (components["schemas"]["ArchiveItem"] & {
                /** @description The likeliest */
                label: string;
                probabilities: number[];
                /** @description Of the likeliest over the next */
                margin: number;
            })[];
        };
        StudyQuery: {
            text?: components["schemas"]["Several"];
            not_text?: components["schemas"]["Several"];
            image?: components["schemas"]["SeveralImages"];
            not_image?: components["schemas"]["SeveralImages"];
            dicomweb_uri?: components["schemas"]["SeveralInstances"];
            item?: components["schemas"]["SeveralItems"];
            not_item?: components["schemas"]["SeveralItems"];
            study?: components["schemas"]["Several"];
            not_study?: components["schemas"]["Several"];
            series?: components["schemas"]["Several"];
            not_series?: components["schemas"]["Several"];
            vector?: components["schemas"]["SeveralVectors"];
            not_vector?: components["schemas"]["SeveralVectors"];
            /** @description Where an image comes from, as mi2 index add had it */
            site?: string | null;
            region?: components["schemas"]["ImageRegion"];
            /** @description Through which images are seen: CENTER,WIDTH, or lung, soft, bone, brain or file; one of the archive's */
            window?: string | null;
        };
        StudySimilarity: {
            snapshot: number;
            more: boolean;
            items: {
                item: number;
                cosine: number;
            }[];
        };
        StudyMatches: {
            snapshot: number;
            more: boolean;
            items: {
                item: number;
                /** @description The item of the other study; of several windows through the same one, if that study has it */
                nearest: number;
                cosine: number;
            }[];
        };
        AuditList: {
            entries: components["schemas"]["AuditEntry"][];
            /** @description There may be older ones. A page may have few although there are more: filters look at 8 MiB of the list at a time */
            more: boolean;
            /** @description Lines that cannot be read */
            damaged: number;
            cursor?: string;
        };
        AuditEntry: {
            /** @description Of the line, in the list of all archives */
            n: number;
            /** Format: date-time */
            time: string;
            event: string;
            archive?: string;
            /** @description As the reverse proxy names them */
            user?: string;
            /** @description The first 12 digits of the key's SHA-256 */
            key?: string;
            /** @description ok, begun (of a change, before it is made), or the code of an error */
            outcome: string;
            status?: number;
            item?: number;
            /** @description The same for the same study; no identifier */
            study?: string;
            card?: string;
            /** @description The same for the same query; says nothing of it */
            query?: string;
            to?: string;
            found?: number;
            searched?: number;
            snapshot?: number;
            request_id?: string;
            /** @description The SHA-256 of the line before */
            previous: string;
        };
    };
    responses: never;
    parameters: {
        ArchiveInPath: string;
        ItemInPath: number;
        StudyInPath: string;
        HeadInPath: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    archives: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Whom the server takes the caller for; null where it asks nobody */
                        caller: {
                            user?: string;
                            /** @description The first 12 digits of the key's SHA-256 */
                            key?: string;
                        } | null;
                        archives: {
                            name: string;
                            rights: string[];
                            restricted: boolean;
                        }[];
                    };
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Archive"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_stats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_refused: {
        parameters: {
            query?: {
                /** @description Files that are listed */
                limit?: number;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts, and files */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refused"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_facets: {
        parameters: {
            query?: {
                /** @description Only what this filter lets by */
                where?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts of values */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facets"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_search: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "x-ray chest anteroposterior",
                 *       "where": "modality in (CR,DX)",
                 *       "k": 5
                 *     }
                 */
                "application/json": components["schemas"]["ArchiveSearch"];
            };
        };
        responses: {
            /** @description Results, the best first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArchiveResults"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An image, or the mean of a series */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArchiveItem"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_thumb: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A small image, in the proportions of the image */
            200: {
                headers: {
                    ETag?: string;
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "image/webp": string;
                };
            };
            /** @description The client has it already */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_heatmap_by_query: {
        parameters: {
            query: {
                query: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One map */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeatmapAnswer"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The file has changed, or no model fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_heatmap: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "x-ray chest anteroposterior"
                 *     }
                 */
                "application/json": components["schemas"]["ArchiveSearch"];
            };
        };
        responses: {
            /** @description One map */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeatmapAnswer"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The file has changed, or no model fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_neighbours: {
        parameters: {
            query?: {
                k?: number;
                by?: "study" | "series" | "patient" | "image" | "tile";
                match?: "best" | "mean" | "maxsim";
                same_patient?: "exclude" | "include" | "only";
                where?: string;
                /** @description The UID of a study that is left out, as where leaves out */
                exclude_study?: string;
                /** @description A number from -1 to 1, or auto */
                min_score?: string;
                cursor?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Results, the best first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArchiveResults"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_outliers: {
        parameters: {
            query: {
                /** @description What is usual: a filter */
                reference: string;
                /** @description What is judged; without it all but the reference */
                test?: string;
                /** @description What is judged as one */
                pool?: "image" | "mean" | "stats7" | "center20";
                k?: number;
                quantile?: number;
                threshold?: number;
                only_outliers?: boolean;
                limit?: number;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The highest scores first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outliers"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_outliers_by_body: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reference": "date<2024",
                 *       "pool": "mean"
                 *     }
                 */
                "application/json": components["schemas"]["OutliersRequest"];
            };
        };
        responses: {
            /** @description The highest scores first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outliers"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_drift: {
        parameters: {
            query: {
                /** @description What others are compared with: a filter */
                reference: string;
                /** @description What is grouped; without it all but the reference */
                test?: string;
                /** @description Fields with commas between: station, month, modality, body_part, site */
                by?: string;
                permutations?: number;
                sample?: number;
                moved?: number;
                seed?: number;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups, in the order of their values */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drift"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_drift_by_body: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reference": "modality=CT",
                 *       "by": [
                 *         "modality"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["DriftRequest"];
            };
        };
        responses: {
            /** @description The groups, in the order of their values */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drift"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_tags: {
        parameters: {
            query?: {
                field?: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "sequence" | "protocol";
                k?: number;
                /** @description A head of the archive that is asked in place of k neighbours */
                head?: string;
                min_agreement?: number;
                /** @description What is judged: a filter */
                where?: string;
                limit?: number;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Those that have another tag first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tags"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_tags_by_body: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "field": "modality",
                 *       "k": 2
                 *     }
                 */
                "application/json": components["schemas"]["TagsRequest"];
            };
        };
        responses: {
            /** @description Those that have another tag first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tags"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_dups: {
        parameters: {
            query?: {
                level?: "pixels" | "reencoded";
                /** @description What is compared: a filter */
                where?: string;
                limit?: number;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Groups, by their first images */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dups"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_dups_by_body: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "level": "pixels"
                 *     }
                 */
                "application/json": components["schemas"]["DupsRequest"];
            };
        };
        responses: {
            /** @description Groups, by their first images */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dups"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_add_items: {
        parameters: {
            query?: {
                /** @description Where they come from; keeps equal patient IDs of two sites apart */
                site?: string;
                /** @description Of vectors whose rows have no provenance: the SHA-256 of the weights that made them, or 12 digits of it at least */
                weights?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    file?: string[];
                    /**
                     * Format: binary
                     * @description A .npy, .jsonl or .csv of vectors, in place of files
                     */
                    vectors?: string;
                    /**
                     * Format: binary
                     * @description What mi2 embed wrote beside the .npy
                     */
                    rows?: string;
                    /**
                     * Format: binary
                     * @description A CSV with a line for each image, whose columns are called as the fields of filters
                     */
                    table?: string;
                };
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description All are in the archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedFiles"] | components["schemas"]["AddedVectors"];
                };
            };
            /** @description Some are, and others were refused */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedFiles"] | components["schemas"]["AddedVectors"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No model of the archive's weights is served */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description None is */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["AddedFiles"] | components["schemas"]["AddedVectors"]) | components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_add_labels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "by": "reader-1",
                 *       "labels": [
                 *         {
                 *           "study": "1.2.3",
                 *           "key": "finding",
                 *           "value": "pneumonia",
                 *           "score": 0.9
                 *         },
                 *         {
                 *           "image": "1.2.3.4.5",
                 *           "side": "left"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["LabelsRequest"];
            };
        };
        responses: {
            /** @description What became of the labels */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Labelled"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_store_studies: {
        parameters: {
            query?: {
                /** @description Where they come from; keeps equal patient IDs of two sites apart */
                site?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All are in the archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                };
            };
            /** @description Some are, and others failed */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description None is; or no model of the archive's weights is served */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                study: components["parameters"]["StudyInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the caller may see of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Study"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_store_study: {
        parameters: {
            query?: {
                /** @description Where they come from; keeps equal patient IDs of two sites apart */
                site?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                study: components["parameters"]["StudyInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All are in the archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                };
            };
            /** @description Some are, and others failed */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description None is; or no model of the archive's weights is served */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/dicom+json": components["schemas"]["StoredObjects"];
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_remove_study: {
        parameters: {
            query?: {
                /** @description Whether vectors and entries are overwritten, with all that was deleted before */
                erase?: boolean;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                study: components["parameters"]["StudyInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many images went */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        images: number;
                        erased: boolean;
                        /** @description false: another process keeps the catalog's log, and what was erased may be in it */
                        clean: boolean;
                    };
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_make_card: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "x-ray chest anteroposterior",
                 *       "k": 5,
                 *       "notes": {
                 *         "text": "for the conference"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CardRequest"];
            };
        };
        responses: {
            /** @description The card; it was not kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceCard"];
                    "text/html": string;
                };
            };
            /** @description The card; it was kept */
            201: {
                headers: {
                    /** @description Where the card is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceCard"];
                    "text/html": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_card: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                card: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The card */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceCard"];
                    "text/html": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_push: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                card: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "to": "pacs",
                 *       "as": "both"
                 *     }
                 */
                "application/json": components["schemas"]["PushRequest"];
            };
        };
        responses: {
            /** @description What was sent, or would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pushed"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_push_tags: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "to": "pacs",
                 *       "fixes": [
                 *         {
                 *           "field": "body_part",
                 *           "tag": "HEAD",
                 *           "suggested": "CHEST",
                 *           "agreement": 0.9,
                 *           "method": "neighbours:10",
                 *           "item": 4,
                 *           "snapshot": 17,
                 *           "study": "1.2.3",
                 *           "series": "1.2.3.4"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["PushTagsRequest"];
            };
        };
        responses: {
            /** @description What was sent, or would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pushed"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_replay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvidenceCard"];
            };
        };
        responses: {
            /** @description What differs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The key may not see all rows */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_map: {
        parameters: {
            query?: {
                /** @description Points are images, or means of series */
                by?: "image" | "series";
                /** @description What facets are values of */
                colour?: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "month" | "site" | "station";
                /** @description Only what this filter lets by */
                where?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Points that the caller may see */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_map_tile: {
        parameters: {
            query?: {
                /** @description Points are images, or means of series */
                by?: "image" | "series";
                /** @description What facets are values of */
                colour?: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "month" | "site" | "station";
                /** @description Only what this filter lets by */
                where?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                z: number;
                /** @description From the smallest x on, below 2^z */
                x: number;
                /** @description From the smallest y on, below 2^z */
                y: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Points of the tile that the caller may see */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_map_legend: {
        parameters: {
            query?: {
                by?: "image" | "series";
                colour?: "modality" | "body_part" | "laterality" | "plane" | "contrast" | "month" | "site" | "station";
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Values, the most frequent first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MapLegend"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_classify: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "labels": [
                 *         "chest",
                 *         "head"
                 *       ],
                 *       "templates": [
                 *         "computed tomography {}"
                 *       ],
                 *       "where": "modality=CT"
                 *     }
                 */
                "application/json": components["schemas"]["ClassifyRequest"];
            };
        };
        responses: {
            /** @description Scores, in the order of the labels */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Classified"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_heads: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        heads: components["schemas"]["HeadInShort"][];
                    };
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_train_head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "items": [
                 *         {
                 *           "item": 0,
                 *           "label": "chest"
                 *         },
                 *         {
                 *           "item": 7,
                 *           "label": "head"
                 *         }
                 *       ],
                 *       "name": "body part"
                 *     }
                 */
                "application/json": components["schemas"]["TrainRequest"];
            };
        };
        responses: {
            /** @description The head, which is kept */
            201: {
                headers: {
                    /** @description Where the head is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Head"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                head: components["parameters"]["HeadInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The head */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Head"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_remove_head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                head: components["parameters"]["HeadInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                    };
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_apply_head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                head: components["parameters"]["HeadInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "where": "modality=CT",
                 *       "order": "uncertain",
                 *       "limit": 20
                 *     }
                 */
                "application/json": components["schemas"]["ApplyRequest"];
            };
        };
        responses: {
            /** @description Probabilities, in the order of the labels */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_head_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                head: components["parameters"]["HeadInPath"];
                file: "adapter.json" | "adapter.safetensors";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                    "application/octet-stream": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_pixels: {
        parameters: {
            query?: {
                /** @description CENTER,WIDTH in the units after the modality LUT, or lung, soft, bone or brain, which are for CT alone; without it, the file's own. Of DICOM and volumes; other pictures are as they are */
                window?: string;
                /** @description Whether black is white */
                invert?: boolean;
                /** @description Most pixels of the longer side; a smaller image keeps its size */
                size?: number;
            };
            header?: {
                "If-None-Match"?: string;
            };
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                item: components["parameters"]["ItemInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The image */
            200: {
                headers: {
                    ETag?: string;
                    "Cache-Control"?: string;
                    /** @description Of the image as it is stored */
                    "X-Mi2-Columns"?: number;
                    "X-Mi2-Rows"?: number;
                    /** @description CENTER,WIDTH by which it is shown; absent where there is none, or a window changes nothing */
                    "X-Mi2-Window"?: string;
                    /** @description mm between rows, and between columns */
                    "X-Mi2-Spacing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description The client has it already */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no file that has what was added: code is no_file (it came over a network), changed or unreadable */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The file is no longer there */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_similarity: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                study: components["parameters"]["StudyInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "pleural effusion"
                 *     }
                 */
                "application/json": components["schemas"]["StudyQuery"];
            };
        };
        responses: {
            /** @description Cosines */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudySimilarity"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_matches: {
        parameters: {
            query: {
                /** @description The other study */
                with: string;
                /** @description Of the study this series alone */
                series?: string;
                /** @description Of the other study this series alone */
                with_series?: string;
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
                study: components["parameters"]["StudyInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Pairs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyMatches"];
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    archive_audit: {
        parameters: {
            query?: {
                /** @description A day or a time in UTC, such as 2026-11-25 or 2026-11-25T01:57:00Z */
                since?: string;
                /** @description Names of events, with commas between */
                event?: string;
                user?: string;
                /** @description The first 12 digits of a key's SHA-256 */
                key?: string;
                /** @description A StudyInstanceUID */
                study?: string;
                item?: number;
                limit?: number;
                /** @description Of the page before */
                cursor?: string;
                /** @description Without it, as Accept says */
                format?: "json" | "csv";
            };
            header?: never;
            path: {
                archive: components["parameters"]["ArchiveInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. As CSV, x-mi2-cursor has the cursor */
            200: {
                headers: {
                    "x-mi2-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                    "text/csv": string;
                };
            };
            /** @description A request that makes no sense; the message names the row */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No key, or a wrong one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description No such path or model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The request did not come in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A body, an image or a number of rows over the limit */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A content type that is not read */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description An item that does not hold what it should; the message names the row */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The queue is full; Retry-After says when to try again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Headers too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A defect of mi2 or a failing machine */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Not ready, or shutting down */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
}
